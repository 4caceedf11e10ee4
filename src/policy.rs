//! Every number of the token life, with its unit and its reason.
