//! Signing calls to the VOD API, and reading its answers.
