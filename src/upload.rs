//! The machine of one vendor-SDK upload.
