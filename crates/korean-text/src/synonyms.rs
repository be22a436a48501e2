//! Words that customers and shops use for the same thing.
//!
//! The vocabulary is that of Korean online shops in general. A member that begins with `~` is the
//! unchanging beginning of a verb; the others are nouns.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Every member stands for every other.
const GROUPS: &[&str] = &[
    "배송비 택배비 운임 배송료 운송비 배송요금",
    "배송 택배 배달 발송",
    "무료 공짜 무상",
    "출고 발송 ~보내주 ~나가",
    "반품 반송 ~돌려보 ~되돌려보 ~보내고반",
    "환불 ~돌려받 ~돌려주 ~돌려드 ~돌아오",
    "입금 ~들어오 ~들어와 환불",
    "교환 맞교환 ~바꾸 ~바꿔 ~바꿀 ~바꾼",
    "변경 수정 ~바꾸 ~바꿔 ~바꿀 ~바꿨",
    "적립금 포인트 마일리지 적립",
    "할인 세일 ~깎 ~싸게 ~디씨",
    "가격 값 금액 판매가",
    "비용 요금 금액 수수료",
    "추가 ~더내 차액",
    "후기 리뷰 상품평 사용기",
    "휴대폰 핸드폰 휴대전화 스마트폰 폰",
    "연락처 전화번호",
    "비밀번호 비번 패스워드",
    "추천 초대 ~데려오",
    "~잊 ~까먹 ~잃어",
    "수리 수선 ~고치 ~고쳐 ~고칠 a/s as",
    "고장 불량 하자 결함 ~고장나 ~망가",
    "보증 보증기간 워런티",
    "매장 오프라인 점포 지점 가게",
    "영업시간 운영시간 개점 폐점",
    "휴무 ~쉬는 ~쉬어 ~쉬나 ~쉽 ~쉬 휴일",
    "품절 매진 ~팔렸 ~팔리 ~동났",
    "재입고 입고 ~들어오 ~들어와 재판매 ~재입",
    "취소 철회 ~무르",
    "상자 박스",
    "물류센터 창고",
    "포장 ~싸주 ~싸줘 ~싸드 ~포장",
    "각인 ~새기 ~새겨 ~새길",
    "자수 ~수놓 ~수를놓",
    "견본 샘플",
    "단체 대량 도매 기업 ~한꺼번",
    "회사 기업 법인 업체",
    "어린이 아이 애들 아동 꼬마",
    "유아 아기 영아 신생아",
    "반려동물 애완동물 반려견 애완견",
    "세탁 세탁기 ~빨아 ~빨면 ~빠는 ~빨지 ~빨래 ~빨았 ~빨고 ~빨 ~빱",
    "건조 건조기 ~말리 ~말려 ~말립",
    "얼룩 자국 오염",
    "이염 ~물빠 ~물이빠",
    "사이즈 크기 치수 규격",
    "무게 중량 그램 ~무거 ~가벼",
    "색상 색 색깔 컬러",
    "소재 재질 원단 성분",
    "충전재 속 솜 내용물",
    "구성품 구성 부속품 부속 ~들어있 ~포함",
    "송장 운송장",
    "배송지 주소 수령지",
    "픽업 수령 ~찾아 ~찾으",
    "보관 ~맡아 ~잡아두 ~잡아 ~보관",
    "위탁 ~맡기 ~맡깁",
    "대여 렌탈 ~빌려 ~빌리 ~빌릴 임대",
    "중고 ~쓰던 ~사용하던",
    "지연 ~늦어 ~늦게 ~늦는 ~늦 ~밀려 ~미뤄",
    "보상 배상 사과 ~뭐라도",
    "미수령 ~못받 ~받지못 ~안왔",
    "탈퇴 해지",
    "삭제 파기 ~지워 ~지우 ~지웁 ~없애 ~없앱",
    "미성년자 청소년",
    "계좌이체 송금 이체",
    "가상계좌 무통장 무통장입금",
    "계좌 통장",
    "결제 결재 지불 납부 계산",
    "주문 구매 구입 ~샀 ~사려 ~사면 ~사야 ~시키 ~시켰 ~시켜 ~산",
    "오류 에러 장애",
    "책임자 담당자 관리자",
    "광고 홍보 스팸 마케팅",
    "수신거부 거부",
    "새벽 새벽배송 아침일찍",
    "군부대 군대 부대",
    "공휴일 휴일 연휴",
    "명절 설날 추석",
    "설날 설 구정",
    "추석 한가위",
    "제주 제주도",
    "도서산간 섬",
    "야영 캠핑",
    "방수 발수 ~물이스 ~스며",
    "환기 통풍",
    "깔개 그라운드시트 바닥깔개",
    "폴 폴대",
    "~어둡 ~어두",
    "퀸 q",
    "킹 k",
    "수건 타월 타올",
    "재킷 자켓 점퍼 잠바",
    "랜턴 램프 조명",
    "텀블러 보온병 보온컵",
    "베개 배게",
    "남색 네이비",
    "검정 검은색 블랙",
    "흰색 하얀색 화이트",
    "회색 그레이",
    "초록 초록색 녹색",
    "주황 오렌지",
    "분홍 핑크",
    "빨강 빨간색 레드",
    "파랑 파란색 블루",
    "배터리 건전지",
    "깜박 깜빡 점멸",
    "체험 ~써보 ~자보 ~입어보",
    "개봉 ~뜯 ~열어 ~개봉",
    "~떼 ~뗐 ~뗀 제거",
    "퍼센트 % 프로",
    "센치 센티 cm",
    "적립률 적립율",
    "혜택 ~좋은점 이득",
    "안쪽 ~안에 내부",
    "~잠겼 ~막혔 ~잠긴 ~잠김 ~잠깁",
    "~틀려 ~틀리 ~틀린 ~틀렸",
    "~빠뜨 ~모자라 ~빠졌 ~빠진 ~없어요 누락",
    "분할 ~나눠 ~나누",
    "합배송 묶음배송 ~한박스 ~한상자 ~합쳐 ~합쳐서",
    "~버려 ~버리 폐기",
    "유효기간 사용기간",
    "자동 저절로",
    "영수증 증빙",
    "현금 ~현금",
    "상담원 상담사",
    "점심시간 점심 점심때",
    "대신 대리 ~다른사람",
    "운영 ~운영하",
    "제작 ~만드 ~만들",
    "설치 ~치는 ~치려 ~설치",
    "신고 접수 ~알려야 알림",
    "음료 커피 주스",
    "~쏟 ~흘렸 ~흘린 ~묻었",
    "불 난로 버너 화로",
    "~밝게 밝기 ~밝은",
    "~젖 ~젖은 ~젖었",
    "누워 눕",
    "최대 한도",
    "최소 적어도",
    "창립기념일 기념일",
    "에누리 할인",
];

/// A narrower word, and the wider ones a shop's text would use for it.
const WIDER: &[(&str, &str)] = &[
    ("강아지 고양이 개 애견 댕댕이", "반려동물 애완동물"),
    ("일본 미국 중국 유럽 베트남 대만 홍콩 외국", "해외 국외"),
    ("남편 아내 엄마 아빠 부모님 동생 언니 오빠 누나 딸 아들", "가족"),
    ("초등학생 초등학교 유치원 유치원생", "어린이 아이 만"),
    ("전기레인지", "인덕션 하이라이트"),
    ("완충", "충전"),
    ("주말", "토요일 일요일"),
    ("토요일 일요일", "주말"),
    ("포인트", "적립금"),
    ("울릉도 백령도 독도", "도서산간"),
    ("돈 카드값", "환불 금액"),
    ("회비", "연회비"),
    ("폰", "휴대폰"),
    ("침대", "매트리스"),
    ("택배비", "배송비 운임"),
    ("기념품 판촉물 답례품", "기업 단체 선물"),
    ("물건 제품", "상품"),
    ("아기", "유아"),
    ("캠핑장 펜션 호텔 숙소", "숙소 기업"),
    ("냄비", "솥"),
    ("원룸 아파트", "공동현관"),
    ("옷", "의류"),
    ("애들", "어린이 어린이용"),
    ("친구", "가족"),
    ("스며드 스며들", "스며들 방수 발수"),
    ("충전기", "어댑터 충전"),
    ("반값", "50%"),
    ("교복 군복", "의류"),
    ("무상", "무료"),
    ("높은 높", "높은"),
    ("요일", "매주"),
];

/// The groups, indexed once: asking is what every query does several hundred times.
struct Index {
    /// Nouns and the groups they are in.
    nouns: HashMap<&'static str, Vec<usize>>,
    /// Verbs' beginnings and the groups they are in.
    verbs: Vec<(&'static str, usize)>,
    /// Narrower words and their wider ones.
    wider: HashMap<&'static str, Vec<&'static str>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { nouns: HashMap::new(), verbs: Vec::new(), wider: HashMap::new() };
    for (at, group) in GROUPS.iter().enumerate() {
        for member in group.split(' ') {
            match member.strip_prefix('~') {
                Some(verb) => index.verbs.push((verb, at)),
                None => index.nouns.entry(member).or_default().push(at),
            }
        }
    }
    for (narrow, wide) in WIDER {
        for word in narrow.split(' ') {
            index.wider.entry(word).or_default().extend(wide.split(' '));
        }
    }
    index
});

/// Other words for `word` (a stem or a word as written); empty when none is known.
/// Verbs are given by their unchanging beginning.
pub fn synonyms(word: &str) -> Vec<&'static str> {
    let index = &*INDEX;
    let as_noun = index.nouns.get(word).into_iter().flatten().copied();
    let as_verb = index.verbs.iter().filter(|(verb, _)| word.starts_with(verb)).map(|(_, at)| *at);
    let members = as_noun.chain(as_verb).flat_map(|at| GROUPS[at].split(' ')).map(|m| m.trim_start_matches('~'));
    let mut found: Vec<&'static str> = members.chain(index.wider.get(word).into_iter().flatten().copied()).collect();
    found.retain(|other| *other != word && !word.contains(other));
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a noun of exactly this spelling is known.
pub(crate) fn is_member(word: &str) -> bool {
    INDEX.nouns.contains_key(word) || INDEX.wider.contains_key(word)
}

/// Whether the word is a form of a known verb and no noun.
pub(crate) fn is_verb(word: &str) -> bool {
    !is_member(word) && INDEX.verbs.iter().any(|(verb, _)| word.starts_with(verb) && word != *verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_words_lead_to_the_shops_words() {
        assert!(synonyms("택배비").contains(&"배송비"));
        assert!(synonyms("돌려보낼").contains(&"반품"));
        assert!(synonyms("강아지").contains(&"반려동물") && !synonyms("반려동물").contains(&"강아지"));
        assert!(synonyms("쀍").is_empty());
    }

    #[test]
    fn no_group_repeats_a_member() {
        for group in GROUPS {
            let mut members: Vec<&str> = group.split(' ').collect();
            members.sort_unstable();
            let before = members.len();
            members.dedup();
            assert_eq!(before, members.len(), "{group}");
        }
    }
}
