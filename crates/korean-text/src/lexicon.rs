//! Words that carry no content of a question: what is left out when asking what it is about.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Whole words (as written, or as stems) without content.
const FUNCTION_WORDS: &str = " 그 이 저 그럼 그러면 그리고 그런데 근데 그래서 그래도 그냥 혹시 혹은 또는 및 또 더 좀 조금 제 제가 저는 저희 나는 내가 우리 전 제게 저한테 \
안 못 잘 꼭 다 막 왜 몇 수 것 거 건 걸 게 때 중 등 및 데 분 점 적 만약 만일 진짜 정말 너무 아주 매우 많이 먼저 지금 이제 아까 방금 다시 계속 보통 원래 바로 따로 같이 함께 모두 전부 직접 \
뭐 뭔가 뭘 뭐가 뭐예요 뭐에요 무엇 무엇이 무슨 어느 어떤 어떤게 누구 누가 누구예요 어디 어디서 어디로 어디에 언제 언재 언제까지 얼마 얼마나 며칠 몇일 \
네 예 아니 아니요 안녕 안녕하세요 감사 감사합니다 고맙습니다 수고하세요 수고 죄송 죄송한데 죄송하지만 여보세요 저기요 저기 \
좋아요 좋나요 좋을까요 맞아요 맞나요 맞죠 같아요 같은데 경우 경우에 관련 관해서 대해 대해서 대한 관한 통해 위해 위해서 따라 \
해 할 한 하는 하고 하면 하려면 하나요 해요 했는데 했어요 했더니 하려고 하려는데 하죠 하지 하는데 하는데요 할게요 할까요 합니까 \
돼 돼요 되요 되나 되나요 돼나요 되는 되는지 되는데 되는데요 되면 되죠 될까요 된 됩니까 되려면 돼죠 돼서 됐는데 됐어요 \
있나 있나요 있어요 있는 있는지 있는데 있는데요 있을까요 있습니까 있죠 있으면 있으신가요 없나 없나요 없어요 없는 없는데 없을까요 없으면 \
주나 주나요 주세요 주시나요 주시면 줘요 줘 주는 주실 주실수 주나여 드려요 주려고 \
알려주세요 알려줘 알려줘요 알려주시겠어요 알려주실 알고 알 알려 가르쳐 궁금해요 궁금합니다 궁금한데 궁금 싶어요 싶은데 싶은데요 싶습니다 싶어서 싶어졌어요 부탁해요 부탁드려요 부탁 문의드립니다 문의드려요 문의합니다 문의 \
가능 가능한가요 가능해요 가능할까요 가능한지 가능하나요 불가능한가요 필요 필요한가요 필요해요 괜찮아요 괜찬아요 괜찮나요 괜찮을까요 \
방법 방법은 방법이 어떻게 어떡게 어떻 어떡해요 어떡하죠 어떡하나요 어떻게하나요 어떤가요 어때 어때요 어찌 어케 이거 그거 저거 이건 그건 저건 이게 그게 여기 거기 이것 그것 아무 하나 \
이에요 예요 인가요 이요 나요 나와요 드나요 들어요 들어가나요 와요 가요 오나요 가나요 걸려요 걸리나요 걸리는지 나가요 나가나요 쓰나요 보나요 봐요 보고 보려고 두나요 받나요 받아요 합니다 입니다 봤는데 \
해야 해야하나요 해야되나요 해야해요 해야되요 써도 맨날 금방 가만 가만히 엄청 되게 굉장히 완전 갑자기 자주 가끔 항상 늘 매번 얼른 대충 거의 별로 딱 막상 일단 우선 결국 역시 아마 이미 아직 드디어 그대로 그렇게 이렇게 저렇게 난리 이번 저번 지난 작년 올해 내년 이번달 이번주 지난주 다음주 \
뭐임 뭐죠 뭐지 머예요 머에요 뭐에여 뭐여 있낭 있음 있나여 되여 돼여 되나여 됨 됨요 얼마임 얼마에여 얼마여 언제임 언제여 인가여 걸림 걸리죠 하죠 어떰 알고싶어요 알고싶은데요 좀요 요 이내 오래 제일 가장 큰 작은 \
남 남아 들 들려면 들까요 팔 팔아요 파나요 부탁드립니다 못하나요 안되나요 안돼요 보려구요 같 같은 다시 받 받으 받으려면 받으려고 걸로 것으로 거예요 건지 인지 안에 몇살 똑같 똑같은 일찍 부터 까지 이상 이하 쓸 살 살때 있어서 없어서 해서 하니 건데 건데요 건가요 것도 것은 것이 것을 없다 없다고 있다 자꾸 벌써 봐 봐서 걱정 한참 라서 라고 되 쓰 가 오 보 주 내 있 없 와 왔 났 와서 가서 가야 가도 해주실 해주시 해주세요 갖고 계신 계신가요 계시 두 세 네 한번 두번 여러 이런 저런 그런 그렇 내일 오늘 어제 요즘 맨날 매일 처음 나중 나중에 아닌가요 아닌지 아닌 맞는지 다른 데가 데는 데 중이 중이면 하루만 하나는 한 날 건가 봐주 주는지 나오나요 나와 나온 돈더 \
사실 그게요 저는요 뭐가요 때문 때문에 동안 정도 쯤 개 원 일 번 월 년 시 회 \
the a an is are was be do does did can could will would i you my your we our it its this that of to for in on at with and or if how what when where who which why much many long please tell me about there have has get any \
hello hi thanks ";

/// Beginnings of words without content, of two syllables or more, whatever ending follows.
const FUNCTION_PREFIXES: [&str; 30] = [
    "알려주",
    "알려줘",
    "알수있",
    "할수있",
    "될수있",
    "받을수있",
    "쓸수있",
    "살수있",
    "볼수있",
    "하고싶",
    "받고싶",
    "사고싶",
    "어떻게",
    "어떡",
    "궁금",
    "싶은",
    "싶어",
    "안녕하",
    "감사합",
    "부탁드",
    "문의드",
    "그러면",
    "그런데",
    "무엇",
    "얼마",
    "언제",
    "어디",
    "며칠",
    "멧시",
    "몇시",
];

/// Function words that can stand inside a run written without spaces.
const INNER: &[&str] = &[
    "어떻게해야하나요",
    "어떻게해야되나요",
    "어떻게하나요",
    "어떻게해요",
    "어떻게되나요",
    "어떻게돼요",
    "어떡하나요",
    "어떡하죠",
    "어떡해요",
    "알려주세요",
    "하고싶은데",
    "하고싶어요",
    "싶은데요",
    "되나요",
    "하나요",
    "받을수있나요",
    "할수있나요",
    "쓸수있나요",
    "수있나요",
    "있나요",
    "있어요",
    "없나요",
    "없어요",
    "인가요",
    "가능한가요",
    "가능해요",
    "얼마예요",
    "얼마에요",
    "얼마나",
    "얼마인가요",
    "언제까지",
    "언제부터",
    "어디서",
    "어디에",
    "어디로",
    "어디예요",
    "며칠걸려요",
    "몇일걸려요",
    "걸려요",
    "걸리나요",
    "해야하나요",
    "해야돼요",
    "해야되요",
    "할때",
    "할려면",
    "하려면",
    "하려고",
    "하면",
    "되면",
    "해도",
    "돼요",
    "되요",
    "해요",
    "와요",
    "오나요",
    "주나요",
    "주세요",
    "받나요",
    "언제",
    "얼마",
    "어디",
    "며칠",
    "몇일",
    "어느",
    "무슨",
    "몇년",
    "할수있어요",
    "수있어요",
    "수있을까요",
    "있을까요",
    "될까요",
    "할까요",
    "되는지",
    "뭐예요",
    "뭐에요",
    "뭔가요",
    "뭐가",
    "뭐있어요",
    "나오는데",
    "나오나요",
    "나와요",
    "들어가나요",
    "여러개",
    "몇개부터",
    "몇개까지",
    "몇개",
    "몇번",
    "몇장",
    "몇시까지",
    "몇시",
    "몇살부터",
    "몇살",
    "몇개월",
    "몇퍼센트",
    "얼마에오",
    "얼마나해요",
    "주나여",
    "알려줘요",
    "알려주세여",
    "어떡게",
    "괜찮아요",
    "괜찬아요",
    "인데",
    "는데",
    "에서는",
    "에서",
    "으로",
    "까지",
    "부터",
    "에는",
    "한테",
    "이랑",
    "있어서",
    "없는데",
    "어떤가요",
    "인지",
    "안되는",
    "경우",
    "하고",
    "했는데",
    "됐어요",
    "됐는데",
    "돌려도",
    "해야",
    "언제또",
    "또",
    "드는",
    "제일",
    "자꾸",
    "벌써",
    "되죠",
    "건데요",
    "건데",
];

/// Everyday nouns that a shop may never write about: they are not misspellings of what it does.
const EVERYDAY: &str = " 날씨 나이 피자 치킨 커피 음식 점심 저녁 아침 밥 빵 우유 과자 사과 고기 라면 술 맥주 소파 의자 책상 침대 냉장고 세탁기 청소기 에어컨 선풍기 텔레비전 컴퓨터 노트북 전등 거울 그릇 접시 \
자전거 자동차 버스 택시 기차 지하철 비행기 공항 호텔 여행 관광 학교 학생 선생님 교수 병원 의사 간호사 약국 약 은행 금리 환율 주식 투자 대출 보험 세금 월급 시급 연봉 직원 사장 사장님 대표 대표님 채용 면접 알바 \
군인 경찰 소방서 시청 정부 대통령 선거 정치 경제 역사 문화 영화 음악 노래 게임 축구 야구 운동 수영 골프 등산 낚시 요리 레시피 사진 그림 책 신문 방송 뉴스 드라마 배우 가수 광고 \
코인 로봇 인공지능 프로그램 코드 번역 언어 영어 일본어 중국어 수학 과학 옷 신발 바지 치마 가방 모자 양말 장갑 시계 반지 목걸이 안경 화장품 향수 비누 샴푸 \
강아지 고양이 새 물고기 나무 꽃 산 바다 강 하늘 비 눈 바람 여름 겨울 봄 가을 오늘 내일 어제 생일 결혼 이혼 연애 친구 애인 가족 부모 형제 이름 성함 주소 이사 집 아파트 부동산 서울 부산 대구 인천 광주 대전 울산 강남 \
상장 결과 시험 성적 졸업 입학 회의 출장 휴가 퇴사 공장 농장 시장 마트 백화점 편의점 식당 카페 극장 도서관 공원 교회 절 ";

/// Whether the word is an everyday one, whatever an index knows of it.
pub fn is_everyday_word(word: &str) -> bool {
    EVERYDAY_SET.contains(word)
}

/// Everyday nouns of shops, at which runs written without spaces are cut.
const NOUNS: &str = " 배송 주문 취소 상품 결제 쿠폰 가입 신규 카드 체크카드 신용카드 계좌 환불 반품 교환 등급 회원 생일 포장 선물 보증 수리 각인 자수 매장 재고 입고 사이즈 색상 가격 \
무게 세탁 신청 확인 변경 조회 문자 번호 송장 송장번호 정보 개인정보 비밀번호 휴대폰 전화 시간 기간 기한 금액 할인 적립 적립금 무료 유료 이상 이하 까지 부터 원래 가능 준비 출고 도착 \
지연 불량 영수증 세금계산서 현금영수증 이름 주소 주소지 배송지 배송비 택배 박스 상자 고객센터 상담 예약 품절 이용 사용 방법 주차 영업 영업시간 추천 후기 리뷰 탈퇴 광고 가상계좌 할부 무이자 ";

/// Nouns that tell who asks, when, where and how it feels.
const CIRCUMSTANCES: &str = include_str!("data/circumstances.txt");
/// Words that name one thing exactly.
const TOPICS: &str = include_str!("data/topics.txt");
/// Nouns of one syllable that a particle may follow.
const SHORT_NOUNS: &str = include_str!("data/nouns.txt");

/// The words of a data file, without its comments.
fn words_of(file: &'static str) -> HashSet<&'static str> {
    file.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

/// Whether the noun tells the circumstances of a question rather than its subject.
pub(crate) fn is_circumstance(word: &str) -> bool {
    CIRCUMSTANCE_SET.contains(word)
}

/// Whether the noun names one thing exactly, which a text that answers must have.
pub fn is_exact_topic(word: &str) -> bool {
    TOPIC_SET.contains(word)
}

/// Whether a syllable is a noun that a particle may follow.
pub(crate) fn is_short_noun(word: &str) -> bool {
    SHORT_NOUN_SET.contains(word)
}

/// Whether the word says nothing about what a question is about.
pub(crate) fn is_function_word(word: &str) -> bool {
    FUNCTION_SET.contains(word)
        || FUNCTION_PREFIXES.iter().any(|p| word.starts_with(p) && word.chars().count() <= p.chars().count() + 4)
}

/// Words of one syllable that are without content wherever they stand in a run.
const SHORT_FILLERS: &str = "수 때 것 거 건 게 데 안 못 더 또 좀 꼭 몇 왜 다 잘 할 한 해 하 돼 된 되 중 씩";

/// Whether the word has no content inside a run written without spaces.
pub(crate) fn is_filler(word: &str) -> bool {
    let mut chars = word.chars();
    if chars.next().is_some() && chars.next().is_none() {
        return SHORT_FILLERS.contains(word);
    }
    FUNCTION_SET.contains(word) || INNER_SET.contains(word)
}

/// Whether a noun of this spelling is known to this crate.
pub fn is_known_word(word: &str) -> bool {
    NOUN_SET.contains(word) || crate::synonyms::is_member(word)
}

/// The words of a list.
type Words = LazyLock<HashSet<&'static str>>;

static FUNCTION_SET: Words = LazyLock::new(|| FUNCTION_WORDS.split_whitespace().collect());
static NOUN_SET: Words = LazyLock::new(|| {
    let more = words_of(SHORT_NOUNS).into_iter().filter(|noun| noun.chars().count() > 1);
    NOUNS.split_whitespace().chain(more).collect()
});
static INNER_SET: Words = LazyLock::new(|| INNER.iter().copied().collect());
static CIRCUMSTANCE_SET: Words = LazyLock::new(|| words_of(CIRCUMSTANCES));
static TOPIC_SET: Words = LazyLock::new(|| words_of(TOPICS));
static SHORT_NOUN_SET: Words = LazyLock::new(|| words_of(SHORT_NOUNS));
static EVERYDAY_SET: Words = LazyLock::new(|| EVERYDAY.split_whitespace().collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_listed_words_are_function_words() {
        assert!(is_function_word("되나요") && is_function_word("어떻게요") && is_function_word("얼마에오"));
        assert!(!is_function_word("배송") && !is_function_word("배") && !is_function_word(""));
    }
}
