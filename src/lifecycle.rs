//! The machine of one slot.
