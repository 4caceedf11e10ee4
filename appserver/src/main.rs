//! Reference AppServer.

fn main() {}
