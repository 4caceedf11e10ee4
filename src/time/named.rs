//! Instants whose month is a name: what languages print of a date for people, and mail.

use super::{
    DateTime, UnixMillis,
    cursor::{Cursor, DAY, days_since_epoch, time_of_day},
};

/// Reads a date with an English month in any of the usual orders:
///
/// ```text
/// Thu, 01 Jan 2026 01:00:00 GMT                         HTTP, JavaScript's toUTCString
/// Thu, 1 Jan 2026 09:00:00 +0800 (CST)                  mail (RFC 5322), PHP, Python, Go
/// Thursday, 01-Jan-26 01:00:00 UTC                      RFC 850
/// Thu Jan 01 2026 09:00:00 GMT+0800 (中国标准时间)        JavaScript's String(date)
/// Thu Jan 01 01:00:00 UTC 2026                          Java's Date, Unix
/// ```
///
/// The name of the day is not checked. Of a zone's name only `UTC` and `GMT` say which it is: CST is China's, Cuba's and
/// Chicago's.
#[must_use]
pub fn read_named_date(text: &str) -> Option<DateTime> {
    let mut at = Cursor(text.as_bytes());
    // The month is a word of three letters, too; it is one of its own if a digit comes next.
    let day_name = at.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if day_name > 0 {
        at.0 = at.0.get(day_name..)?;
        let _ = at.skip(b",");
        at.skip(b" ")?;
    }
    if at.0.first()?.is_ascii_digit() { day_first(at) } else { month_first(at) }
}

/// `01 Jan 2026 01:00:00 GMT`
fn day_first(mut at: Cursor<'_>) -> Option<DateTime> {
    let day = one_or_two(&mut at)?;
    at.skip(b" -")?;
    let month = at.month()?;
    at.skip(b" -")?;
    let short = at.digits(2)?;
    let year = at.digits(2).map_or(2_000 + short, |rest| short * 100 + rest);
    at.skip(b" ")?;
    let (time, granularity) = time(&mut at)?;
    finish(at, days_since_epoch(year, month, day)? * DAY + time, granularity)
}

/// `Jan 01 2026 09:00:00 GMT+0800`, or the year behind the time and the zone.
fn month_first(mut at: Cursor<'_>) -> Option<DateTime> {
    let month = at.month()?;
    at.skip(b" ")?;
    let _ = at.skip(b" ");
    let day = one_or_two(&mut at)?;
    at.skip(b" ")?;
    if let Some(year) = at.digits(4) {
        at.skip(b" ")?;
        let (time, granularity) = time(&mut at)?;
        return finish(at, days_since_epoch(year, month, day)? * DAY + time, granularity);
    }
    let (time, granularity) = time(&mut at)?;
    at.skip(b" ")?;
    let zone = at.zone()?;
    // A zone of another name.
    let name = at.0.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    at.0 = at.0.get(name..)?;
    let _ = at.skip(b" ");
    let year = at.digits(4).filter(|_| at.0.is_empty())?;
    let start = days_since_epoch(year, month, day)? * DAY + time;
    Some(DateTime { at: UnixMillis(start - zone.unwrap_or(0)), granularity, zoned: zone.is_some() })
}

/// What is left is the zone, which may be missing.
fn finish(mut at: Cursor<'_>, start: i64, granularity: u64) -> Option<DateTime> {
    let _ = at.skip(b" ");
    let zone = at.last_zone()?;
    Some(DateTime { at: UnixMillis(start - zone.unwrap_or(0)), granularity, zoned: zone.is_some() })
}

fn one_or_two(at: &mut Cursor<'_>) -> Option<i64> {
    at.digits(2).or_else(|| at.digits(1))
}

/// `01:00:00` or `01:00`: ms since midnight, and what they are exact to.
fn time(at: &mut Cursor<'_>) -> Option<(i64, u64)> {
    let (hour, _) = (at.digits(2)?, at.skip(b":")?);
    let minute = at.digits(2)?;
    let second = if at.skip(b":").is_some() { Some(at.digits(2)?) } else { None };
    let granularity = if second.is_some() { 1_000 } else { 60_000 };
    Some((time_of_day(hour, minute, second.unwrap_or(0))?, granularity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_a_month_s_name_are_read() {
        for (text, granularity) in [
            ("Thu, 01 Jan 2026 01:00:00 GMT", 1_000),
            ("Thu, 1 Jan 2026 01:00:00 GMT", 1_000),
            ("Thu, 1 Jan 2026 01:00:00 +0000", 1_000),
            ("Thu, 01 Jan 2026 09:00:00 +0800 (CST)", 1_000),
            ("1 Jan 2026 01:00:00 -0000", 1_000),
            ("01 Jan 26 09:00 +0800", 60_000),
            ("Thursday, 01-Jan-26 01:00:00 UTC", 1_000),
            ("Thursday, 01-Jan-2026 01:00:00 GMT+0000", 1_000),
            ("Thu Jan 01 2026 09:00:00 GMT+0800 (中国标准时间)", 1_000),
            ("Thu Jan 01 2026 01:00:00 GMT+0000 (Coordinated Universal Time)", 1_000),
            ("Wed Dec 31 2025 20:00:00 GMT-0500", 1_000),
            ("Thu Jan 01 01:00:00 UTC 2026", 1_000),
            ("Thu Jan  1 01:00:00 GMT 2026", 1_000),
            ("Thu Jan 01 09:00:00 GMT+08:00 2026", 1_000),
            ("Thu Jan 01 09:00:00 +0800 2026", 1_000),
        ] {
            let at = UnixMillis(1_767_229_200_000);
            assert_eq!(
                read_named_date(text),
                Some(DateTime { at, granularity, zoned: true }),
                "{text}"
            );
        }
        for text in
            ["Thu Jan 01 09:00:00 CST 2026", "Thu Jan  1 09:00:00 2026", "Thu, 1 Jan 2026 09:00:00"]
        {
            assert_eq!(read_named_date(text).map(|read| read.zoned), Some(false), "{text}");
        }
    }

    #[test]
    fn what_is_no_such_date_is_refused() {
        for text in [
            "",
            "Thu",
            "Thu, ",
            "in an hour",
            "Thu, 01 Xxx 2026 01:00:00 GMT",
            "Thu, 30 Feb 2026 01:00:00 GMT",
            "Thu, 01 Jan 2026 01:00:61 GMT",
            "Thu, 01 Jan 2026 25:00:00 GMT",
            "Thu, 01 Jan 2026 01:00:00 EST",
            "Thu, 01 Jan 2026 01:00:00 GMT+8",
            "Thu Jan 01 2026",
            "Thu Jan 01 09:00:00 CST 2026 x",
            "Thu Jan 01 2026 09:00:00 (中国标准时间)",
        ] {
            assert_eq!(read_named_date(text), None, "{text}");
        }
    }
}
