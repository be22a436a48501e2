//! What survives: restarts, kills, and being stopped in the middle of an answer.

mod crashes;
mod data_folder;
mod postgres;
mod shutdown;

const QUESTION: &str = "제주도는 배송비가 얼마예요?";
