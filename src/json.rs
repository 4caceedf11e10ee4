//! Any JSON value, read by one hand-written visitor.
