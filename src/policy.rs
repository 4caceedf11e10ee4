//! Every number of a token's life, with its unit, default, range and reason, and the formulas over them.
//!
//! Windows are functions of the life that was left when a token arrived, so that a token of 3 s, of
//! 15 min and of 12 h are all refreshed in time and none is refreshed in a loop. Shares are in per
//! mille, so that the core needs no floating point.

use crate::{
    error::{Class, Error},
    time::Millis,
};

/// A share of one thousand: a random draw, or a fraction of a life.
pub type PerMille = u32;

macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $field:ident / $name:literal: $kind:ty = $default:literal, $low:literal..=$high:literal;)+) => {
        /// The numbers. Times are in milliseconds unless a field says otherwise.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct Policy {
            $($(#[doc = $doc])+ pub $field: $kind,)+
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Policy {
            /// Name in TypeScript, default, lowest and highest value of each number, in this file's order.
            pub const NUMBERS: &'static [(&'static str, u64, u64, u64)] =
                &[$(($name, $default as u64, $low as u64, $high as u64),)+];

            /// Sets the number that TypeScript calls `name`, brought into its range; whether there is one. What is no
            /// number changes nothing: TypeScript says what is wrong with it before there is a module.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            pub fn set(&mut self, name: &str, value: f64) -> bool {
                match name {
                    $($name => {
                        if !value.is_nan() {
                            self.$field = (value as $kind).clamp($low, $high);
                        }
                    })+
                    _ => return false,
                }
                true
            }
        }
    };
}

numbers! {
    /// Least validity left with which a token is ever handed out: covers the way to the server, the
    /// servers' own clock differences and coarse timers. 15 s is what STS, OSS and a slow mobile link need together.
    margin / "margin": Millis = 15_000, 0..=300_000;
    /// Cap of [`margin`](Self::margin) as a share of the life: a 3 s token is served down to 0.15 s.
    margin_share / "marginShare": PerMille = 50, 0..=500;
    /// The margin when the life was judged by the device's wall clock alone, which may be a minute off.
    uncertain_margin / "uncertainMargin": Millis = 60_000, 0..=600_000;
    /// Cap of [`uncertain_margin`](Self::uncertain_margin) as a share of the life.
    uncertain_margin_share / "uncertainMarginShare": PerMille = 100, 0..=500;
    /// In this last part of a life a caller waits for the refresh: a minute is longer than any request takes.
    mandatory_window / "mandatoryWindow": Millis = 60_000, 0..=600_000;
    /// Cap of [`mandatory_window`](Self::mandatory_window) as a share of the life.
    mandatory_share / "mandatoryShare": PerMille = 150, 0..=900;
    /// Mean length of the advisory window as a share of the life: an outage of a third of a life goes unnoticed.
    advisory_share / "advisoryShare": PerMille = 333, 0..=900;
    /// Least mean advisory window: one throttled timer of a hidden page (60 s), two requests and the margin.
    advisory_window_least / "advisoryWindowLeast": Millis = 90_000, 0..=3_600_000;
    /// Longest mean advisory window: rides out 15 minutes, at under 40 % more requests than refreshing at expiry.
    advisory_window / "advisoryWindow": Millis = 900_000, 1..=21_600_000;
    /// Cap of the mean advisory window as a share of the life, so that short tokens are used for most of it.
    advisory_cap / "advisoryCap": PerMille = 400, 1..=900;
    /// Spread of the advisory window to both sides, drawn once a token, so that pages opened together part.
    jitter / "jitter": PerMille = 250, 0..=500;
    /// Least age of a token before it is refreshed without being asked: no loop on short or re-issued tokens.
    minimum_age / "minimumAge": Millis = 30_000, 0..=3_600_000;
    /// Cap of [`minimum_age`](Self::minimum_age) as a share of the life.
    minimum_age_share / "minimumAgeShare": PerMille = 250, 0..=900;
    /// Life assumed when the answer names no end: the shortest that AssumeRole issues.
    assumed_life / "assumedLife": Millis = 900_000, 1_000..=43_200_000;
    /// Longest life believed: the longest session a RAM role can have, 12 h.
    longest_life / "longestLife": Millis = 43_200_000, 1_000..=43_200_000;
    /// How much slower than the server this device may count, in parts per million: twice the worst crystal while the clock is slewed.
    drift / "drift": u32 = 1_000, 0..=100_000;
    /// Deadline of one request to the source.
    deadline / "deadline": Millis = 10_000, 50..=120_000;
    /// How long a caller waits in all, over several requests, before it gets an error.
    wait_deadline / "waitDeadline": Millis = 30_000, 50..=600_000;
    /// First back-off after a failure.
    backoff_base / "backoffBase": Millis = 1_000, 10..=60_000;
    /// First back-off after the server asked for fewer requests.
    throttle_base / "throttleBase": Millis = 10_000, 10..=300_000;
    /// Longest back-off while a token still works: less than the advisory window, so that several tries fit.
    backoff_cap / "backoffCap": Millis = 300_000, 10..=3_600_000;
    /// Longest back-off without a usable token; a throttled one waits at most twice as long.
    dry_backoff_cap / "dryBackoffCap": Millis = 60_000, 10..=3_600_000;
    /// Longest `Retry-After` obeyed while a token still works; half the life left is the other bound.
    retry_after_cap / "retryAfterCap": Millis = 300_000, 0..=3_600_000;
    /// A first caller, a wake or the network coming back ends a back-off within this time, once.
    pull_in / "pullIn": Millis = 2_000, 0..=60_000;
    /// Requests that may be made in a burst before they are paced by [`budget_refill`](Self::budget_refill).
    budget / "budget": u32 = 10, 1..=1_000;
    /// One more request is allowed each time this much has passed: a failing page asks at most twice a minute.
    budget_refill / "budgetRefill": Millis = 30_000, 10..=3_600_000;
    /// A token with at least this life gives its request back to the budget: shorter ones are paced by it.
    refund_life / "refundLife": Millis = 900, 0..=3_600_000;
    /// After an error that a retry cannot mend, callers get that same error at once for this long; doubles.
    hold / "hold": Millis = 5_000, 0..=600_000;
    /// Longest hold.
    hold_cap / "holdCap": Millis = 60_000, 0..=3_600_000;
    /// Tokens refused by a server in a row, each while it was fresh, after which callers get an error.
    rejections_in_a_row / "rejectionsInARow": u32 = 3, 1..=100;
    /// How long after the last call a page counts as active, so that its token is refreshed ahead.
    idle_window / "idleWindow": Millis = 120_000, 0..=86_400_000;
    /// Two clocks of the device may differ by this much between two looks before it counts as a jump.
    clock_tolerance / "clockTolerance": Millis = 1_000, 0..=60_000;
    /// While a page is active its clocks are compared at least this often.
    heartbeat / "heartbeat": Millis = 30_000, 100..=3_600_000;
}

/// Failures in a row beyond this no longer lengthen a wait: the caps were reached long before.
const STEEPEST: u32 = 12;
/// Least first back-off of a token that has next to nothing left.
const SHORTEST: Millis = 100;

impl Policy {
    fn share(of: Millis, share: PerMille) -> Millis {
        of / 1_000 * Millis::from(share) + of % 1_000 * Millis::from(share) / 1_000
    }

    fn draw(low: Millis, high: Millis, draw: PerMille) -> Millis {
        low + Self::share(high.saturating_sub(low), draw)
    }

    /// The margin of a token that had `life` left on arrival; `certain` if a server's clock said so.
    #[must_use]
    pub fn margin(&self, life: Millis, certain: bool) -> Millis {
        if certain {
            self.margin.min(Self::share(life, self.margin_share))
        } else {
            self.uncertain_margin.min(Self::share(life, self.uncertain_margin_share))
        }
    }

    /// The mandatory window of a token that had `life` left on arrival; never shorter than its margin.
    #[must_use]
    pub fn mandatory_window(&self, life: Millis, margin: Millis) -> Millis {
        self.mandatory_window.min(Self::share(life, self.mandatory_share)).max(margin)
    }

    /// Age at which a token that had `life` left on arrival is refreshed in the background.
    ///
    /// `first` is the first token of a page: its window reaches further forward, so that a crowd that
    /// opened the page together does not come back together.
    #[must_use]
    pub fn refresh_age(&self, life: Millis, draw: PerMille, first: bool) -> Millis {
        let mean = Self::share(life, self.advisory_share)
            .clamp(self.advisory_window_least.min(self.advisory_window), self.advisory_window)
            .min(Self::share(life, self.advisory_cap));
        let low = mean - Self::share(mean, self.jitter);
        let high = mean + Self::share(mean, self.jitter) + Self::share(life, 50);
        let high = if first { high.max(Self::share(life, 600).min(2 * mean)) } else { high };
        life.saturating_sub(Self::draw(low, high, draw)).max(self.minimum_age(life))
    }

    /// Least age of a token with `life` before it is refreshed unasked.
    #[must_use]
    pub fn minimum_age(&self, life: Millis) -> Millis {
        self.minimum_age.min(Self::share(life, self.minimum_age_share))
    }

    /// Life that may be counted on when the server grants `life`: less what this device may lose by counting slowly.
    #[must_use]
    pub fn sure(&self, life: Millis) -> Millis {
        self.counted(life.min(self.longest_life))
    }

    /// How far this device has counted, at the least, when `span` has passed on a server's clock.
    #[must_use]
    pub fn counted(&self, span: Millis) -> Millis {
        const MILLION: Millis = 1_000_000;
        let drift = Millis::from(self.drift);
        let lost = (span / MILLION).saturating_mul(drift);
        span.saturating_sub(lost).saturating_sub((span % MILLION * drift).div_ceil(MILLION))
    }

    /// Wait before the next request after `fails` failures in a row (1 or more).
    ///
    /// `left` is the validity above the margin of the token in hand, `None` without one. Half of the
    /// wait is fixed and half is drawn: a draw near zero only adds to the peak of an outage.
    #[must_use]
    pub fn backoff(
        &self,
        error: &Error,
        fails: u32,
        left: Option<Millis>,
        draw: PerMille,
    ) -> Millis {
        let throttled = matches!(error.class(), Class::Throttle);
        // What is left of a short token must suffice for more than one try.
        let short = left.map_or(Millis::MAX, |left| (left / 3).max(SHORTEST));
        let base = if throttled { self.throttle_base } else { self.backoff_base.min(short) };
        let most = match left {
            Some(left) => {
                (left / 3).clamp(self.dry_backoff_cap.min(self.backoff_cap), self.backoff_cap)
            }
            None if throttled => self.dry_backoff_cap.saturating_mul(2),
            None => self.dry_backoff_cap,
        };
        let full = base
            .saturating_mul(3_u64.saturating_pow(fails.saturating_sub(1).min(STEEPEST)))
            .min(most);
        Self::draw(full / 2, full, draw)
    }

    /// The earliest that `Retry-After` allows, from now. A token in hand bounds it to half of what is
    /// left, so that pages with minutes left let pages with seconds left go first.
    #[must_use]
    pub fn retry_after(&self, asked: Millis, left: Option<Millis>) -> Millis {
        asked.min(left.map_or(self.dry_backoff_cap, |left| (left / 2).min(self.retry_after_cap)))
    }

    /// What is added to a `Retry-After`, so that pages that were given the same one do not return together.
    #[must_use]
    pub fn retry_after_spread(&self, asked: Millis, draw: PerMille) -> Millis {
        Self::draw(0, asked.min(self.retry_after_cap) / 4, draw)
    }

    /// How soon a back-off ends when somebody starts to wait.
    #[must_use]
    pub fn pull_in(&self, draw: PerMille) -> Millis {
        Self::draw(0, self.pull_in, draw)
    }

    /// How long an error that no retry can mend is repeated to callers, the `n`th time in a row (1 or more).
    #[must_use]
    pub fn hold(&self, n: u32) -> Millis {
        self.hold
            .saturating_mul(2_u64.saturating_pow(n.saturating_sub(1).min(STEEPEST)))
            .min(self.hold_cap)
    }
}

/// Pseudo-random draws from a seed (SplitMix64): the same seed gives the same schedule.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Starts the sequence of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next draw, 0 to 1,000.
    pub fn draw(&mut self) -> PerMille {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % 1_001).unwrap_or(0)
    }
}

/// Requests that may still be made, over all slots that ask one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Requests left.
    left: u32,
    /// Monotonic time from which the next refill counts.
    since: u64,
}

impl Budget {
    /// A full budget.
    #[must_use]
    pub const fn new(policy: &Policy, mono: u64) -> Self {
        Self { left: policy.budget, since: mono }
    }

    /// Takes what has been refilled by `mono`.
    pub fn advance(&mut self, policy: &Policy, mono: u64) {
        if self.left >= policy.budget {
            self.since = mono;
            return;
        }
        let refills = mono.saturating_sub(self.since) / policy.budget_refill;
        let left = u64::from(self.left).saturating_add(refills).min(u64::from(policy.budget));
        self.left = u32::try_from(left).unwrap_or(policy.budget);
        self.since = self.since.saturating_add(refills.saturating_mul(policy.budget_refill));
    }

    /// Whether a request may be made now; takes it if so.
    pub fn take(&mut self) -> bool {
        let some = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some
    }

    /// Allows one request, if none is left: the user asks for it.
    pub fn grant(&mut self) {
        self.left = self.left.max(1);
    }

    /// Gives one request back: it brought a token.
    pub fn refund(&mut self, policy: &Policy) {
        self.left = self.left.saturating_add(1).min(policy.budget);
    }

    /// Monotonic time of the next refill; `None` if a request may be made now.
    #[must_use]
    pub const fn next(&self, policy: &Policy) -> Option<u64> {
        if self.left > 0 { None } else { Some(self.since.saturating_add(policy.budget_refill)) }
    }
}
