//! An AppServer's answer, in any known shape.
