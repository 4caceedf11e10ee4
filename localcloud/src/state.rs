//! What a cloud remembers, and its clock.

use std::sync::{Arc, Mutex};

use crate::{
    clock::{Clock, UnixMs},
    config::{AccessKey, Config},
    credentials::Credentials,
    faults::Faults,
    limits::{CallRate, Pacer},
    log::RequestLog,
    media::Media,
    nonces::Nonces,
    platform::Platform,
    settings::Settings,
    store::{Budget, Store},
    sync::lock,
};

/// What the clones share.
pub(crate) struct Cloud {
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) faults: Faults,
    pub(crate) credentials: Mutex<Credentials>,
    pub(crate) nonces: Mutex<Nonces>,
    pub(crate) store: Mutex<Store>,
    pub(crate) media: Mutex<Media>,
    pub(crate) budget: Budget,
    pub(crate) pacer: Pacer,
    pub(crate) sts_rate: CallRate,
    pub(crate) vod_rate: CallRate,
    settings: Mutex<Settings>,
}

impl Cloud {
    /// No objects, no temporary credentials, an empty log.
    pub(crate) fn new(mut config: Config, platform: Arc<dyn Platform>) -> Self {
        if config.access_keys.is_empty() {
            config.access_keys.push(AccessKey::random(&*platform));
        }
        let clock = Clock::new(Arc::clone(&platform));
        let credentials = Credentials::new(&config.access_keys, clock.now());
        Self {
            log: RequestLog::default(),
            faults: Faults::default(),
            credentials: Mutex::new(credentials),
            nonces: Mutex::default(),
            store: Mutex::default(),
            media: Mutex::default(),
            budget: Budget::new(config.max_stored_bytes),
            pacer: Pacer::new(Arc::clone(&platform)),
            sts_rate: CallRate::new(Arc::clone(&platform), config.sts_calls_per_second),
            vod_rate: CallRate::new(Arc::clone(&platform), config.vod_calls_per_second),
            settings: Mutex::default(),
            clock,
            config,
            platform,
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        self.clock.set_offset(settings.clock_offset_ms);
        *lock(&self.settings) = settings;
    }

    /// Back to the state of a new cloud.
    pub(crate) fn reset(&self) {
        self.set_settings(Settings::default());
        self.log.clear();
        self.faults.clear();
        *lock(&self.credentials) = Credentials::new(&self.config.access_keys, self.clock.now());
        *lock(&self.nonces) = Nonces::default();
        *lock(&self.store) = Store::default();
        *lock(&self.media) = Media::default();
    }

    /// The age of a credential, for the log.
    pub(crate) fn age(&self, access_key_id: &str, now: UnixMs) -> Option<i64> {
        lock(&self.credentials)
            .find(access_key_id)
            .map(|credential| now.saturating_sub(credential.issued))
    }
}
