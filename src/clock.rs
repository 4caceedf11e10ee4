//! How much of a token's life is left, whatever the device's clocks do.
