use super::samples::{chunk, chunk_id, document, put, scope, terms};
use crate::model::Collection;
use crate::ports::{DocumentRepository, KeywordIndex};

type Documents<'a> = &'a dyn DocumentRepository;
type Keywords<'a> = &'a dyn KeywordIndex;

/// More matching terms rank higher, equal ones by id, and the limit holds.
pub async fn keywords_find_best_first_and_no_more_than_asked(documents: Documents<'_>, keywords: Keywords<'_>) {
    let chunks = [
        chunk(1, "d", 0, "가", "배송은 빠릅니다"),
        chunk(2, "d", 1, "가", "환불과 배송 안내"),
        chunk(3, "d", 2, "가", "배송은 빠릅니다"),
        chunk(4, "d", 3, "가", "매장은 서울에 있다"),
        chunk(5, "d", 4, "가", "포장은 상자에 한다"),
    ];
    put(documents, &document("a", "d"), &chunks).await.unwrap();
    let query = [terms("환불"), terms("배송")].concat();
    let hits = keywords.search(&scope("a"), &query, 9).await.unwrap();
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), [2, 1, 3].map(chunk_id));
    assert!(hits.windows(2).all(|w| w[0].score >= w[1].score));
    assert_eq!(keywords.search(&scope("a"), &query, 2).await.unwrap().len(), 2);
    assert!(keywords.search(&scope("a"), &query, 0).await.unwrap().is_empty());
}

/// A term in the headings counts for more than the same term in the text.
pub async fn a_heading_weighs_more_than_text(documents: Documents<'_>, keywords: Keywords<'_>) {
    let chunks = [
        chunk(1, "d", 0, "가격", "환불"),
        chunk(2, "d", 1, "환불", "가격"),
        chunk(3, "d", 2, "매장", "서울"),
        chunk(4, "d", 3, "포장", "상자"),
        chunk(5, "d", 4, "수리", "부품"),
    ];
    put(documents, &document("a", "d"), &chunks).await.unwrap();
    let hits = keywords.search(&scope("a"), &terms("환불"), 9).await.unwrap();
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), [2, 1].map(chunk_id));
}

/// A chunk with the rare term goes before one with the common term.
pub async fn rare_terms_weigh_more_than_common_ones(documents: Documents<'_>, keywords: Keywords<'_>) {
    let mut chunks: Vec<_> = (1..=8).map(|n| chunk(n, "d", n as u32, "가", "배송 안내")).collect();
    chunks.push(chunk(9, "d", 9, "가", "각인 안내"));
    chunks.extend((10..=20).map(|n| chunk(n, "d", n as u32, "가", "매장 위치")));
    put(documents, &document("a", "d"), &chunks).await.unwrap();
    let query = [terms("배송"), terms("각인")].concat();
    assert_eq!(keywords.search(&scope("a"), &query, 1).await.unwrap()[0].chunk, chunk_id(9));
}

/// No terms, no hits; unknown terms, no hits.
pub async fn no_terms_find_nothing(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    assert!(keywords.search(&scope("a"), &[], 9).await.unwrap().is_empty());
    assert!(keywords.search(&scope("a"), &["없음".to_owned()], 9).await.unwrap().is_empty());
    assert_eq!(keywords.statistics(&scope("a"), &[]).await.unwrap().frequencies, Vec::<u64>::new());
}

/// Operators, quotes, wildcards and SQL are terms like any other.
pub async fn terms_that_look_like_query_syntax_are_harmless(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송 and 환불 near")]).await.unwrap();
    for hostile in [
        "\"",
        "'",
        "*",
        "NOT",
        "배송*",
        "text:배송",
        "(",
        ")",
        "^",
        "-",
        "+",
        "a\" OR \"b",
        "'; DROP TABLE x; --",
        "배송' | '환불",
        "&",
        ":*",
        "\\",
        "%",
        "",
    ] {
        let hits = keywords.search(&scope("a"), &[hostile.to_owned()], 9).await.unwrap();
        assert!(hits.is_empty(), "{hostile:?} found {hits:?}");
        let with_good = keywords.search(&scope("a"), &[hostile.to_owned(), "배송".to_owned()], 9).await.unwrap();
        assert_eq!(with_good.len(), 1, "{hostile:?}");
        keywords.statistics(&scope("a"), &[hostile.to_owned()]).await.unwrap();
    }
    for word in ["and", "near"] {
        assert_eq!(keywords.search(&scope("a"), &[word.to_owned()], 9).await.unwrap().len(), 1, "{word}");
    }
}

/// One syllable, decimals and accented words are found as the terms they are.
pub async fn single_syllables_and_mixed_scripts_are_found(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "솥", "Café 3.5kg 3,000원 🧵")]).await.unwrap();
    for term in ["솥", "café", "3.5", "kg", "3000", "원"] {
        assert_eq!(keywords.search(&scope("a"), &[term.to_owned()], 9).await.unwrap().len(), 1, "{term}");
    }
    for near in ["caf", "cafe", "3", "300", "5"] {
        assert!(keywords.search(&scope("a"), &[near.to_owned()], 9).await.unwrap().is_empty(), "{near}");
    }
}

/// Named collections narrow a search; none named means all.
pub async fn collections_narrow_a_search(documents: Documents<'_>, keywords: Keywords<'_>) {
    for (number, name) in [(1, "help"), (2, "products"), (3, "news")] {
        let mut document = document("a", name);
        document.collection = Collection::new(name).unwrap();
        put(documents, &document, &[chunk(number, name, 0, "가", "배송")]).await.unwrap();
    }
    let mut narrow = scope("a");
    narrow.collections = ["help", "news", "missing"].map(|c| Collection::new(c).unwrap()).to_vec();
    let expected = [1, 3].map(chunk_id);
    let by_words = keywords.search(&narrow, &terms("배송"), 9).await.unwrap();
    assert_eq!(by_words.iter().map(|h| h.chunk).collect::<Vec<_>>(), expected);
    assert_eq!(keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().len(), 3);
}

/// Frequencies count chunks, not occurrences, and keep the order and repetitions of the terms.
pub async fn statistics_count_chunks_in_the_order_asked(documents: Documents<'_>, keywords: Keywords<'_>) {
    let chunks = [chunk(1, "d", 0, "환불", "환불 환불"), chunk(2, "d", 1, "가", "환불과 배송")];
    put(documents, &document("a", "d"), &chunks).await.unwrap();
    let asked = ["배송", "없음", "환불", "배송"].map(str::to_owned);
    let statistics = keywords.statistics(&scope("a"), &asked).await.unwrap();
    assert_eq!((statistics.total, statistics.frequencies), (2, vec![1, 0, 2, 1]));
}
