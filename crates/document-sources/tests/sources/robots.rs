use document_sources::{SiteCatalogue, SiteOptions};
use rag_pipeline::model::{FoundSource, SourceError};
use rag_pipeline::ports::SourceCatalogue;

use crate::support::{Answer, Names, Server, clock, local, opened, url};

async fn list(server: &Server) -> Result<Vec<FoundSource>, SourceError> {
    let options = SiteOptions { http: local(), requests_per_second: 1_000.0, ..SiteOptions::default() };
    SiteCatalogue::new(options, clock()).unwrap().list(&url(server.url("/")), 100).await
}

fn paths(server: &Server, found: &[FoundSource]) -> Vec<String> {
    found.iter().map(|found| found.url.as_str().replace(&server.url(""), "")).collect()
}

#[tokio::test]
async fn what_the_site_closes_is_neither_asked_nor_listed() {
    let server = Server::of(&[
        (
            "/robots.txt",
            Answer::ok("User-agent: *\nDisallow: /\n\nUser-agent: Iyagi\nDisallow: /cart\nAllow: /cart/help"),
        ),
        ("/", Answer::html("<a href=/cart/1>1</a><a href=/cart/help>2</a><a href=/go>3</a>")),
        ("/cart/help", Answer::html("도움말")),
        ("/go", Answer::redirect("/cart/2")),
        ("/cart/2", Answer::html("secret")),
    ])
    .await;
    assert_eq!(paths(&server, &list(&server).await.unwrap()), ["/", "/cart/help"]);
    assert!(
        server.paths().iter().all(|path| !path.starts_with("/cart/1") && path != "/cart/2"),
        "{:?}",
        server.paths()
    );
    assert_eq!(server.paths()[0], "/robots.txt");
}

#[tokio::test]
async fn a_site_that_closes_its_root_is_not_listed() {
    let server =
        Server::of(&[("/robots.txt", Answer::ok("User-agent: *\nDisallow: /")), ("/", Answer::html("x"))]).await;
    let error = list(&server).await.unwrap_err();
    assert_eq!(error.code(), "source_not_allowed");
    assert!(error.to_string().contains("robots.txt"), "{error}");
    assert_eq!(server.paths(), ["/robots.txt"]);
}

#[tokio::test]
async fn no_file_for_robots_allows_everything() {
    for status in [404, 401, 403, 410] {
        let server = Server::of(&[("/robots.txt", Answer::status(status)), ("/", Answer::html("x"))]).await;
        assert_eq!(paths(&server, &list(&server).await.unwrap()), ["/"], "{status}");
    }
}

#[tokio::test]
async fn a_site_that_cannot_say_is_left_alone() {
    for answer in [Answer::new(500, &[("retry-after", "9")], ""), Answer::status(429), Answer::raw(b"\r\n\r\n")] {
        let server = Server::of(&[("/robots.txt", answer), ("/", Answer::html("x"))]).await;
        assert_eq!(list(&server).await.unwrap_err().code(), "source_unavailable");
        assert_eq!(server.paths(), ["/robots.txt"]);
    }
}

#[tokio::test]
async fn the_file_may_be_redirected_and_is_read_up_to_its_limit() {
    let long = format!("User-agent: *\nDisallow: /early\n{}\nDisallow: /late\n", "# long\n".repeat(80_000));
    let server = Server::of(&[
        ("/robots.txt", Answer::redirect("/rules")),
        ("/rules", Answer::ok(&long)),
        ("/", Answer::html("<a href=/early>1</a><a href=/late>2</a>")),
        ("/late", Answer::html("x")),
    ])
    .await;
    assert_eq!(paths(&server, &list(&server).await.unwrap()), ["/", "/late"]);
}

#[tokio::test]
async fn each_host_on_the_way_to_the_site_is_obeyed() {
    let server = Server::start(|asked| {
        let (name, port) = asked.headers["host"].split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        match (name.as_str(), asked.path.as_str()) {
            ("shop.test", "/") => Answer::redirect(&format!("http://www.shop.test:{port}/")),
            ("www.shop.test", "/") => Answer::html("<a href=/a>a</a><a href=/b>b</a>"),
            ("www.shop.test", "/a" | "/b") => Answer::html("x"),
            ("www.shop.test", "/robots.txt") => Answer::ok("user-agent: *\ndisallow: /b"),
            _ => Answer::status(404),
        }
    })
    .await;
    let names = Names::of(&[("shop.test", &[&["127.0.0.1"]]), ("www.shop.test", &[&["127.0.0.1"]])]);
    let options = SiteOptions { http: opened(&["127.0.0.1"]), requests_per_second: 1_000.0, ..SiteOptions::default() };
    let catalogue = SiteCatalogue::with_lookup(options, clock(), names).unwrap();
    let found = catalogue.list(&url(server.named("shop.test", "/")), 100).await.unwrap();
    let found: Vec<_> = found.iter().map(|found| found.url.to_string()).collect();
    assert_eq!(found, [server.named("www.shop.test", "/"), server.named("www.shop.test", "/a")]);
}
