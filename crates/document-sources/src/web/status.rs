//! What the statuses of answers mean to whoever fetches a document.

use std::time::{Duration, UNIX_EPOCH};

use kernel::Clock;
use rag_pipeline::model::SourceError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::client::Reply;
use crate::failure::{not_found, permanent, transient_for};

/// The longest that a server is believed to need, in seconds: a day.
const LONGEST_WAIT: u64 = 86_400;

/// The reply when it is a success, and else the error that its status is.
pub(crate) fn checked(reply: Reply, clock: &dyn Clock) -> Result<Reply, SourceError> {
    let status = reply.status();
    if status.is_success() {
        return Ok(reply);
    }
    let url = reply.url.as_str();
    Err(match status.as_u16() {
        404 | 410 => not_found(url),
        401 | 407 => permanent(url, format!("the server wants a login ({status}), and documents are fetched without")),
        403 | 451 => permanent(url, format!("the server does not give it away ({status})")),
        _ if is_busy(status) => {
            let wait = retry_after(reply.headers(), clock);
            transient_for(url, format!("the server answered {status}"), wait)
        }
        _ => permanent(url, format!("the server answered {status}")),
    })
}

/// Whether a status may be another one later.
pub(crate) fn is_busy(status: StatusCode) -> bool {
    match status.as_u16() {
        408 | 425 | 429 => true,
        501 | 505 | 510 | 511 => false,
        _ => status.is_server_error(),
    }
}

/// How long the server asks to wait, in seconds; it may say so or name a time.
pub(crate) fn retry_after(headers: &HeaderMap, clock: &dyn Clock) -> Option<u64> {
    let told = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match told.parse() {
        Ok(seconds) => seconds,
        Err(_) => until(told, clock)?,
    };
    Some(seconds.min(LONGEST_WAIT))
}

fn until(date: &str, clock: &dyn Clock) -> Option<u64> {
    let then = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_micros(u64::try_from(clock.now().unix_micros()).ok()?);
    Some(then.saturating_sub(now).as_secs_f64().ceil() as u64)
}

#[cfg(test)]
mod tests {
    use kernel::testing::ManualClock;
    use reqwest::header::HeaderValue;

    use super::*;

    fn waits(told: &'static str) -> Option<u64> {
        // The clock stands at 2026-11-20T00:00:00Z.
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(told))]), &ManualClock::new())
    }

    #[test]
    fn the_wait_is_told_in_seconds_or_as_a_date() {
        assert_eq!(waits("120"), Some(120));
        assert_eq!(waits(" 0 "), Some(0));
        assert_eq!(waits("Fri, 20 Nov 2026 00:01:30 GMT"), Some(90));
        assert_eq!(waits("Friday, 20-Nov-26 00:01:30 GMT"), Some(90));
        assert_eq!(waits("Thu, 19 Nov 2026 00:00:00 GMT"), Some(0));
        assert_eq!(waits("999999999"), Some(LONGEST_WAIT));
        assert_eq!(waits("Fri, 20 Nov 2099 00:00:00 GMT"), Some(LONGEST_WAIT));
        for nothing in ["", "soon", "-1", "1.5"] {
            assert_eq!(waits(nothing), None, "{nothing}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), &ManualClock::new()), None);
    }

    #[test]
    fn only_what_may_pass_is_busy() {
        let is = |status: u16| is_busy(StatusCode::from_u16(status).unwrap());
        assert!([408, 425, 429, 500, 502, 503, 504, 529].into_iter().all(is));
        assert!(![200, 302, 400, 401, 403, 404, 410, 418, 501, 505].into_iter().any(is));
    }
}
