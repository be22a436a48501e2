use std::io::Write;
use std::time::{Duration, Instant};

use document_sources::{HttpOptions, SiteCatalogue, SiteOptions};
use flate2::Compression;
use flate2::write::GzEncoder;
use rag_pipeline::model::FoundSource;
use rag_pipeline::ports::SourceCatalogue;

use crate::support::{Answer, Names, Server, clock, local, opened, url};

fn fast() -> SiteOptions {
    SiteOptions { http: local(), requests_per_second: 1_000.0, ..SiteOptions::default() }
}

async fn found(options: SiteOptions, server: &Server, root: &str, limit: usize) -> Vec<FoundSource> {
    SiteCatalogue::new(options, clock()).unwrap().list(&url(server.url(root)), limit).await.unwrap()
}

async fn paths(options: SiteOptions, server: &Server, root: &str, limit: usize) -> Vec<String> {
    let base = server.url("");
    found(options, server, root, limit).await.iter().map(|found| found.url.as_str().replace(&base, "")).collect()
}

fn urlset(pages: &[&str]) -> String {
    let urls: String = pages.iter().map(|page| format!("<url><loc>{page}</loc></url>")).collect();
    format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>")
}

fn zipped(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn pages_are_those_of_the_sitemap_on_this_host_each_once() {
    let map = urlset(&["/b", "/a?x=1&amp;y=2", "/b#part", "https://other.example/c", "/admin/x", "ftp://a/b", "/"]);
    let server = Server::of(&[
        ("/robots.txt", Answer::ok("User-agent: *\nDisallow: /admin")),
        ("/", Answer::html("<a href=/unlisted>x</a>")),
        ("/sitemap.xml", Answer::ok(map)),
    ])
    .await;
    assert_eq!(paths(fast(), &server, "/", 100).await, ["/b", "/a?x=1&y=2", "/"]);
    assert_eq!(server.paths(), ["/robots.txt", "/", "/sitemap.xml"], "listed pages are not asked for");
    assert_eq!(paths(fast(), &server, "/", 2).await, ["/b", "/a?x=1&y=2"]);
}

#[tokio::test]
async fn an_index_of_sitemaps_is_followed_zipped_ones_too() {
    let index = "<sitemapindex><sitemap><loc>/1.xml.gz</loc></sitemap><sitemap><loc>/gone.xml</loc></sitemap>\
                 <sitemap><loc>/index.xml</loc></sitemap><sitemap><loc>/2.txt</loc></sitemap></sitemapindex>";
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Answer::ok("Sitemap: /index.xml"),
        "/" => Answer::html(""),
        "/index.xml" => Answer::ok(index),
        "/1.xml.gz" => Answer::ok(zipped(&urlset(&["/one"]))),
        "/2.txt" => Answer::ok(format!("http://{}/two\n", asked.headers["host"])),
        _ => Answer::status(404),
    })
    .await;
    assert_eq!(paths(fast(), &server, "/", 100).await, ["/one", "/two"]);
    assert_eq!(server.paths().iter().filter(|path| *path == "/index.xml").count(), 1);
    let few = SiteOptions { max_sitemaps: 2, ..fast() };
    assert_eq!(paths(few, &server, "/", 100).await, ["/one"]);
}

#[tokio::test]
async fn only_what_lies_below_the_root_is_listed() {
    let map = urlset(&["/", "/docs", "/docs/a", "/docs-old/b"]);
    let server = Server::of(&[("/docs", Answer::html("")), ("/sitemap.xml", Answer::ok(map))]).await;
    assert_eq!(paths(fast(), &server, "/docs", 100).await, ["/docs", "/docs/a"]);
}

#[tokio::test]
async fn a_sitemap_that_is_too_large_is_left_out() {
    let server = Server::of(&[
        ("/", Answer::html("<a href=/a>a</a>")),
        ("/a", Answer::html("x")),
        ("/sitemap.xml", Answer::ok(zipped(&"x".repeat(1_000_000)))),
    ])
    .await;
    let small = SiteOptions { max_sitemap_bytes: 10_000, ..fast() };
    assert_eq!(paths(small, &server, "/", 100).await, ["/", "/a"]);
}

#[tokio::test]
async fn without_a_sitemap_links_are_followed_nearest_first() {
    let server = Server::of(&[
        (
            "/",
            Answer::html("<title>앞</title><a href=/a>a</a><a href='b#x'>b</a><a href=/a#y>a</a><a href=/i.png>i</a>"),
        ),
        ("/a", Answer::html("<title>가</title><a href=/c>c</a><a href=/>up</a><a href=https://other.example/>o</a>")),
        ("/b", Answer::html("<a href=/missing>m</a><a href=/terms.pdf>p</a><a href=/data>d</a>")),
        ("/c", Answer::html("<a href=/d>d</a>")),
        ("/d", Answer::html("deep")),
        ("/terms.pdf", Answer::new(200, &[("content-type", "application/pdf")], "%PDF <a href=/no>")),
        ("/data", Answer::new(200, &[("content-type", "application/octet-stream")], "<a href=/no>")),
    ])
    .await;
    let found = found(SiteOptions { max_depth: 2, ..fast() }, &server, "/", 100).await;
    let told: Vec<_> = found.iter().map(|found| (found.url.to_string(), found.title.as_deref())).collect();
    let wanted = [("/", Some("앞")), ("/a", Some("가")), ("/b", None), ("/c", None), ("/terms.pdf", None)];
    assert_eq!(told, wanted.map(|(path, title)| (server.url(path), title)));
    let asked = server.paths();
    assert!(!asked.contains(&"/i.png".to_owned()) && !asked.contains(&"/d".to_owned()), "{asked:?}");
    assert_eq!(asked.iter().filter(|path| *path == "/a").count(), 1);
}

#[tokio::test]
async fn a_page_is_listed_as_it_asks_to_be() {
    let server = Server::of(&[
        ("/", Answer::html("<a href=/hidden>1</a><a href=/end>2</a><a href=/v?sort=1>3</a><a href=/x>4</a><a rel=nofollow href=/n>5</a>")),
        ("/hidden", Answer::html("<meta name=robots content=noindex><a href=/behind>b</a>")),
        ("/behind", Answer::html("x")),
        ("/end", Answer::html("<meta name=robots content=nofollow><a href=/lost>l</a>")),
        ("/v?sort=1", Answer::html("<link rel=canonical href=/v>")),
        ("/x", Answer::new(200, &[("content-type", "text/html"), ("x-robots-tag", "none")], "<a href=/lost>l</a>")),
        ("/lost", Answer::html("x")),
        ("/n", Answer::html("x")),
    ])
    .await;
    assert_eq!(paths(fast(), &server, "/", 100).await, ["/", "/end", "/v", "/behind"]);
    let asked = server.paths();
    assert!(!asked.contains(&"/lost".to_owned()) && !asked.contains(&"/n".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn a_canonical_address_elsewhere_changes_nothing() {
    let server = Server::of(&[("/", Answer::html("<link rel=canonical href=https://other.example/>"))]).await;
    assert_eq!(paths(fast(), &server, "/", 100).await, ["/"]);
}

#[tokio::test]
async fn redirects_within_the_site_are_one_page_and_those_out_of_it_none() {
    let server = Server::of(&[
        ("/", Answer::html("<a href=/old>o</a><a href=/new>n</a><a href=/away>a</a>")),
        ("/old", Answer::redirect("/new")),
        ("/new", Answer::html("x")),
        ("/away", Answer::redirect("http://other.example/")),
    ])
    .await;
    assert_eq!(paths(fast(), &server, "/", 100).await, ["/", "/new"]);
}

#[tokio::test]
async fn a_site_without_end_is_listed_to_a_limit() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/robots.txt" | "/sitemap.xml" => Answer::status(404),
        path => Answer::html(&format!("<a href={path}x>next</a><a href={path}y>other</a>")),
    })
    .await;
    assert_eq!(paths(fast(), &server, "/", 7).await.len(), 7);
    let before = server.paths().len();
    let few = SiteOptions { max_pages: 5, max_depth: 1_000, ..fast() };
    assert_eq!(paths(few, &server, "/", 1_000).await.len(), 5);
    assert_eq!(server.paths().len() - before, 5 + 2, "the pages, robots.txt and the sitemap");
    let none = SiteOptions { total: Duration::ZERO, ..fast() };
    assert_eq!(paths(none, &server, "/", 1_000).await.len(), 1, "the front page was read anyway");
}

#[tokio::test]
async fn requests_keep_their_pace_even_for_a_site_that_asks_for_more() {
    let server = Server::of(&[
        ("/robots.txt", Answer::ok("user-agent: *\ncrawl-delay: 3600")),
        ("/", Answer::html("<a href=/a>a</a>")),
        ("/a", Answer::html("x")),
    ])
    .await;
    let begin = Instant::now();
    let options = SiteOptions { max_crawl_delay: Duration::from_millis(150), ..fast() };
    assert_eq!(paths(options, &server, "/", 100).await, ["/", "/a"]);
    assert_eq!(server.paths(), ["/robots.txt", "/", "/sitemap.xml", "/a"]);
    for (pauses, asked) in server.asked().iter().enumerate() {
        assert!(asked.at - begin >= Duration::from_millis(150) * pauses as u32, "{asked:?}");
    }
}

#[tokio::test]
async fn a_site_leads_to_no_closed_address() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Answer::ok(format!(
            "Sitemap: http://evil.test:{}/map.xml",
            asked.headers["host"].rsplit(':').next().unwrap()
        )),
        "/" => Answer::html("x"),
        _ => Answer::ok(urlset(&["/secret"])),
    })
    .await;
    let names = Names::of(&[("shop.test", &[&["127.0.0.1"]]), ("evil.test", &[&["127.0.0.1"]])]);
    let options = SiteOptions { http: opened(&["shop.test"]), ..fast() };
    let catalogue = SiteCatalogue::with_lookup(options, clock(), names).unwrap();
    let found = catalogue.list(&url(server.named("shop.test", "/")), 100).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(server.paths(), ["/robots.txt", "/"]);
}

#[tokio::test]
async fn a_root_that_cannot_be_listed_is_an_error() {
    let server = Server::of(&[]).await;
    let catalogue = SiteCatalogue::new(fast(), clock()).unwrap();
    let error = catalogue.list(&url(server.url("/gone?token=geheim")), 10).await.unwrap_err();
    assert_eq!(error.code(), "source_not_found");
    assert!(!error.to_string().contains("geheim"), "{error}");
    let closed = SiteOptions { http: HttpOptions::default(), ..fast() };
    let error = SiteCatalogue::new(closed, clock()).unwrap().list(&url(server.url("/")), 10).await.unwrap_err();
    assert_eq!(error.code(), "source_not_allowed");
}
