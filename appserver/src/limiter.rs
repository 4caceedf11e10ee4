//! The limits that hold: of all instances together where they share a store, and of this process while it is gone.

use std::sync::Arc;

use crate::limit::{LocalRates, Rate, Rates, Taken};

/// Buckets that always answer. Clones share them.
#[derive(Clone, Debug)]
pub struct Limiter {
    shared: Option<Arc<dyn Rates>>,
    own: Arc<LocalRates>,
    instances: u32,
}

impl Limiter {
    /// Of this process alone.
    #[must_use]
    pub fn own() -> Self {
        Self { shared: None, own: Arc::default(), instances: 1 }
    }

    /// Of `instances` that share `shared`. While it cannot be asked, each takes its part of every rate.
    #[must_use]
    pub fn of(shared: Arc<dyn Rates>, instances: u32) -> Self {
        Self { shared: Some(shared), own: Arc::default(), instances: instances.max(1) }
    }

    /// Takes one of the bucket `name`, unless that leaves fewer than `keep`.
    ///
    /// # Errors
    ///
    /// How long until there is one.
    pub async fn take(&self, name: &str, rate: Rate, keep: u32) -> Taken {
        let Some(shared) = &self.shared else { return self.own.take_now(name, rate, keep) };
        match shared.take(name, rate, keep).await {
            Ok(taken) => taken,
            Err(_) => {
                let part = |whole: u32| whole.div_ceil(self.instances);
                let rate = Rate { burst: part(rate.burst), ..rate };
                self.own.take_now(name, rate, keep / self.instances)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::unavailable::Unavailable;

    #[derive(Debug)]
    struct Gone;

    impl Rates for Gone {
        fn take<'a>(
            &'a self,
            _: &'a str,
            _: Rate,
            _: u32,
        ) -> BoxFuture<'a, Result<Taken, Unavailable>> {
            Box::pin(async { Err(Unavailable) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_store_each_instance_takes_its_part() {
        let limiter = Limiter::of(Arc::new(Gone), 3);
        let mut taken = 0;
        while limiter.take("sts", Rate::per_second(9), 0).await.is_ok() {
            taken += 1;
        }
        assert_eq!(taken, 3);
    }
}
