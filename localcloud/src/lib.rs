//! Stand-in for STS, VOD and OSS on loopback.
