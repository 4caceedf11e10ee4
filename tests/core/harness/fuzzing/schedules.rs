//! Any bytes as what happens to a page: calls, clocks, answers, refusals, in any order.
//!
//! Two bytes choose the draws and how fast the clocks run; then each happening is three, its kind and a number.
//! A number is a span of time as a float of 12 and 4 bits, so that one flipped bit turns a millisecond into an hour.
//! Every step is checked by the simulator's oracle.

use super::super::machine::{
    Stamp, Token,
    defect::Defect,
    sim::{Answer, DAY, EPOCH, HOUR, MINUTE, Outcome, SECOND, Shape, Sim},
};
use upload_token::{
    error::{Answered, Error},
    lifecycle::Input,
    policy::Policy,
    time::{Millis, UnixMillis},
    token::Expiry,
};

/// Later happenings are ignored: what a long schedule breaks, a short one does too, and sooner.
const MOST: usize = 64;

/// Kinds of happenings.
const KINDS: u8 = 22;

/// Runs a schedule and then lets the source recover. Answers how many calls got a token.
///
/// # Panics
///
/// If the machine with this `defect` breaks an invariant.
pub fn run(data: &[u8], defect: Defect) -> usize {
    let [seed, rates, rest @ ..] = data else { return 0 };
    let mut page = Page::new(*seed, *rates, defect);
    for happening in rest.chunks_exact(3).take(MOST) {
        let [kind, low, high] = happening else { continue };
        page.happen(kind % KINDS, u16::from_le_bytes([*low, *high]));
    }
    page.recover();
    page.sim.served
}

/// A simulated page, and what its clocks and its AppServer have done to it.
struct Page {
    sim: Sim,
    closed: bool,
    /// Whether answers may come that are not true. In every other schedule, so that validity is tested in the rest.
    forging: bool,
    /// Serial numbers of tokens that no simulated AppServer gave count down from the largest.
    forged: u32,
}

impl Page {
    fn new(seed: u8, rates: u8, defect: Defect) -> Self {
        let mut sim = Sim::with(Policy::default(), u64::from(seed));
        // Up to 480 ppm fast or slow, each clock by itself.
        let rate = |nibble: u8| 1_000_000 - 480 + 64 * u64::from(nibble);
        sim.rate = (rate(rates & 15), rate(rates >> 4));
        sim.defect = defect;
        Self { sim, closed: false, forging: seed % 2 == 1, forged: u32::MAX }
    }

    fn happen(&mut self, kind: u8, number: u16) {
        let span = span(number);
        let sim = &mut self.sim;
        match kind {
            // Bounded, because a page with a lease looks at its clocks each 30 s.
            0 => sim.pass(span.min(20 * MINUTE)),
            1 => sim.freeze(span),
            2 => {
                sim.sleep(span);
                sim.feed(Input::Wake);
            }
            3 | 4 => {
                // The clocks are looked at between a sleep and a turn back: that is what is assumed of them.
                sim.feed(Input::Timeout);
                let by = i64::try_from(span).unwrap();
                sim.turn_wall(if kind == 3 { by } else { -by });
                sim.feed(Input::Timeout);
            }
            5 if number % 2 == 1 => drop(sim.call_after(span, 0)),
            5 => drop(sim.call(0)),
            6 => drop(sim.call(span)),
            // Also of callers that were served long ago, or never asked.
            7 => {
                sim.feed(Input::Cancelled {
                    waiter: sim.last_waiter().wrapping_sub(number.into()),
                });
            }
            // A name that is taken, or was.
            8 => {
                let waiter = sim.last_waiter().wrapping_sub(u32::from(number % 4));
                sim.feed(Input::Wanted { waiter, least: span, waited: 0 });
            }
            9 => sim.refuse(sim.generation().wrapping_sub(u32::from(number % 4))),
            10 => sim.feed(Input::Prefetch),
            11 => sim.feed(Input::Lease(number % 2 == 1)),
            12 if number % 2 == 1 => drop(sim.call_another()),
            12 => sim.feed(Input::Wake),
            13 => sim.answer = Answer::Token(span),
            14 => sim.answer = told_before(number, sim.gave_any()),
            15 => sim.answer = Answer::Fail(failure(number)),
            16 => sim.shape = shape(number),
            17 => sim.rtt = span.min(20 * SECOND),
            18 if self.forging => self.forge(number),
            18 | 20 => sim.use_for(span.min(2 * MINUTE), SECOND),
            19 => sim.feed(Input::Failed { fetch: u32::from(number % 16), error: failure(number) }),
            _ => {
                // Rarely, or no schedule would get far.
                if number.is_multiple_of(64) {
                    sim.feed(Input::Close);
                    self.closed = true;
                }
            }
        }
    }

    /// An answer that no AppServer of the simulator gave: to any request, with any end, from any clock.
    fn forge(&mut self, number: u16) {
        // What it says need not be so, and from here on only what is always so can be asked for.
        self.sim.trusted = false;
        self.forged -= 1;
        let extremes = [0, 1, SECOND, HOUR, DAY, 1 << 53, Millis::MAX - 1, Millis::MAX];
        let instants = [i64::MIN, -1, 0, EPOCH, EPOCH + 3_600_000, 1 << 60, i64::MAX - 1, i64::MAX];
        let pick = |shift: u32| usize::from(number >> shift) % 8;
        let left = (number & 1 != 0).then_some(extremes[pick(4)]);
        let at = (number & 2 != 0).then_some(UnixMillis(instants[pick(7)]));
        let at_server = UnixMillis(instants[pick(10)]);
        let stamp = (number & 4 != 0).then_some(Stamp { at: at_server, granularity: 1_000 });
        let fetch = if number & 8 != 0 {
            self.sim.requests.len().try_into().unwrap()
        } else {
            u32::from(number >> 13)
        };
        let value =
            Token { serial: self.forged, ends: self.sim.truth().saturating_add(extremes[pick(4)]) };
        self.sim.feed_stamped(
            Input::Fetched { fetch, value, expiry: Expiry { at, left, ..Expiry::default() } },
            stamp,
        );
    }

    /// The source works again: whoever asks has a token after the longest back-off (120 s), a refill (30 s) and a
    /// hung request (10 s) at most.
    fn recover(&mut self) {
        let sim = &mut self.sim;
        sim.shape = Shape::Full;
        sim.answer = Answer::Token(HOUR);
        sim.rtt = 100;
        sim.pass(170 * SECOND);
        let trusted = sim.trusted;
        let outcome = sim.get();
        if self.closed {
            assert_eq!(outcome, Outcome::Failed(Error::Closed));
        } else if trusted {
            assert!(matches!(outcome, Outcome::Served(_)), "{outcome:?}");
        }
    }
}

/// 0 to 4,095 ms, times a power of two up to 2¹⁵: at most 37 hours.
pub fn span(number: u16) -> Millis {
    u64::from(number & 0xfff) << (number >> 12)
}

/// An answer without anything new in it.
fn told_before(number: u16, any: bool) -> Answer {
    match number % 3 {
        0 if any => Answer::Again,
        1 if any => Answer::First,
        _ => Answer::Never,
    }
}

fn failure(number: u16) -> Error {
    let http = |status| Error::Http(Answered::status(status));
    match number % 9 {
        0 => Error::Network,
        1 => http(500),
        2 => http(404),
        3 => Error::Http(Answered::with_code(400, "NoPermission")),
        4 => Error::Unauthenticated(Answered::status(401)),
        5 => Error::LongLivedKey,
        6 => Error::ExpiredOnArrival,
        7 => Error::Throttled { answered: Answered::status(429), retry_after: None },
        _ => Error::Throttled { answered: Answered::status(429), retry_after: Some(span(number)) },
    }
}

fn shape(number: u16) -> Shape {
    match number % 5 {
        0 => Shape::Full,
        1 => Shape::Date,
        2 => Shape::Instant,
        3 => Shape::Duration,
        _ => Shape::Silent,
    }
}
