use std::sync::Arc;

use document_sources::{HttpOptions, HttpSource, NetRules};
use rag_pipeline::model::SourceError;
use rag_pipeline::ports::FileSource;

use crate::support::{Answer, Names, Server, clock, local, opened, url};

async fn refused(source: &HttpSource, address: &str) -> SourceError {
    let error = source.fetch(&url(address)).await.unwrap_err();
    assert_eq!(error.code(), "source_not_allowed", "{address}: {error}");
    error
}

#[tokio::test]
async fn no_spelling_of_a_closed_address_is_asked() {
    let server = Server::of(&[("/", Answer::ok("secret"))]).await;
    let source = HttpSource::new(&HttpOptions::default(), clock()).unwrap();
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fc00::1]",
        "[fe80::1]",
        "224.0.0.1",
        "192.0.2.1",
        "255.255.255.255",
    ] {
        refused(&source, &format!("http://{host}:{port}/")).await;
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_to_a_closed_address_is_not_asked() {
    let server = Server::of(&[("/", Answer::ok("secret"))]).await;
    let names = Names::of(&[("inner.test", &[&["127.0.0.1"]]), ("both.test", &[&["93.184.215.14", "10.0.0.1"]])]);
    let source = HttpSource::with_lookup(&HttpOptions::default(), clock(), names).unwrap();
    let error = refused(&source, &server.named("inner.test", "/?token=geheim")).await;
    let text = error.to_string();
    assert!(text.contains("inner.test is at 127.0.0.1, a loopback address"), "{text}");
    assert!(text.contains("allowed hosts") && !text.contains("geheim"), "{text}");
    refused(&source, &server.named("both.test", "/")).await;
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_leads_to_no_closed_address() {
    for target in ["http://127.0.0.1:{}/secret", "http://[::ffff:7f00:1]:{}/secret", "http://evil.test:{}/secret"] {
        let server = Server::start(move |asked| {
            let port = asked.headers["host"].rsplit(':').next().unwrap_or_default().to_owned();
            if asked.path == "/" { Answer::redirect(&target.replace("{}", &port)) } else { Answer::ok("secret") }
        })
        .await;
        let names = Names::of(&[("shop.test", &[&["127.0.0.1"]]), ("evil.test", &[&["127.0.0.1"]])]);
        let source = HttpSource::with_lookup(&opened(&["shop.test"]), clock(), names).unwrap();
        let error = refused(&source, &server.named("shop.test", "/")).await;
        assert!(error.to_string().contains("it redirects to http://"), "{error}");
        assert_eq!(server.paths(), ["/"]);
    }
}

#[tokio::test]
async fn a_redirect_stays_on_the_web_and_holds_no_credentials() {
    for target in ["file:///etc/passwd", "ftp://shop.test/", "gopher://shop.test/", "http://user:geheim@shop.test/"] {
        let server = Server::start(move |_| Answer::redirect(target)).await;
        let source = HttpSource::new(&local(), clock()).unwrap();
        let error = refused(&source, &server.url("/")).await;
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    // One look-up for one connection: what was checked is what is connected to.
    let server = Server::of(&[("/", Answer::ok("x")), ("/again", Answer::redirect("/secret"))]).await;
    let names = Names::of(&[("shop.test", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let lookup = Arc::clone(&names) as Arc<dyn document_sources::NameLookup>;
    let source = HttpSource::with_lookup(&local(), clock(), lookup).unwrap();
    source.fetch(&url(server.named("shop.test", "/"))).await.unwrap();
    assert_eq!(*names.asked.lock().unwrap(), ["shop.test"]);
    refused(&source, &server.named("shop.test", "/")).await;

    // Nor between an address and where it redirects to.
    let names = Names::of(&[("shop.test", &[&["127.0.0.1"], &["10.0.0.1"]])]);
    let source = HttpSource::with_lookup(&local(), clock(), names).unwrap();
    refused(&source, &server.named("shop.test", "/again")).await;
    assert_eq!(server.paths(), ["/", "/again"]);
}

#[tokio::test]
async fn credentials_in_an_address_are_refused_and_not_told() {
    let source = HttpSource::new(&local(), clock()).unwrap();
    let server = Server::of(&[("/", Answer::ok("x"))]).await;
    let address = server.url("/").replace("http://", "http://user:geheim@");
    let error = refused(&source, &address).await;
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_is_opened_may_be_asked() {
    let server = Server::of(&[("/", Answer::ok("x"))]).await;
    let names = Names::of(&[("wiki.internal", &[&["127.0.0.1"]])]);
    for options in [local(), opened(&["127.0.0.0/8"]), opened(&["wiki.internal"]), opened(&["*.internal"])] {
        let source = HttpSource::with_lookup(&options, clock(), Arc::clone(&names) as _).unwrap();
        source.fetch(&url(server.named("wiki.internal", "/"))).await.unwrap();
    }
    let private = HttpOptions { rules: NetRules { allow_private: true, ..NetRules::default() }, ..local() };
    HttpSource::new(&private, clock()).unwrap().fetch(&url(server.url("/"))).await.unwrap();
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told() {
    let source = HttpSource::with_lookup(&local(), clock(), Names::of(&[])).unwrap();
    let error = source.fetch(&url("https://nowhere.test/a")).await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
    assert!(error.to_string().contains("no such name"), "{error}");
}

#[tokio::test]
async fn what_is_no_address_of_the_web_is_told() {
    let source = HttpSource::new(&local(), clock()).unwrap();
    for wrong in ["http://", "http://[::1", "https://a b.test", "http://a.test:99999/", "http://999.1.1.1/"] {
        if let Ok(address) = rag_pipeline::model::SourceUrl::new(wrong) {
            assert_eq!(source.fetch(&address).await.unwrap_err().code(), "source_failed", "{wrong}");
        }
    }
}
