//! Token buckets, in the store and on its clock.

use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::Script;

use super::{link::Link, place};
use crate::{
    limit::{Rate, Rates, Taken},
    unavailable::Unavailable,
};

/// KEYS the bucket. ARGV burst, period in milliseconds, how many to leave. Answers 0, or how many milliseconds to wait.
///
/// A level in the future is one that a clock left which has since been set back: it counts as of now, also where nothing
/// is taken, or the bucket would not fill until the clock is there again.
const TAKE: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local burst, period, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(level[1] or burst)
local at = tonumber(level[2] or now)
if at > now then
  redis.call('HSET', KEYS[1], 'at', now)
  at = now
end
left = math.min(burst, left + (now - at) * burst / period)
local lacking = keep + 1 - left
if lacking > 0 then return math.ceil(lacking * period / burst) end
redis.call('HSET', KEYS[1], 'left', left - 1, 'at', now)
redis.call('PEXPIRE', KEYS[1], period)
return 0
";

/// Buckets of all instances together.
#[derive(Debug)]
pub struct StoredRates {
    link: Link,
    take: Script,
}

impl StoredRates {
    /// Over `link`.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self { link, take: Script::new(TAKE) }
    }
}

impl Rates for StoredRates {
    fn take<'a>(
        &'a self,
        name: &'a str,
        rate: Rate,
        keep: u32,
    ) -> BoxFuture<'a, Result<Taken, Unavailable>> {
        Box::pin(async move {
            let period = u64::try_from(rate.period.as_millis()).unwrap_or(u64::MAX);
            let mut call = self.take.key(place::name("b", &[name]));
            call.arg(rate.burst.max(1)).arg(period.max(1)).arg(keep);
            let wait: u64 = self.link.run(&call).await?;
            Ok(if wait == 0 { Ok(()) } else { Err(Duration::from_millis(wait)) })
        })
    }
}
