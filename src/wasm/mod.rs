//! The shell: what only a browser or Node can do.
//!
//! It reads clocks, arms timers, asks for credentials and settles what waits, as the machines tell it to. It decides
//! nothing about credentials. The rooms, in the order in which data walks:
//!
//! | room | what it does |
//! |---|---|
//! | `options`, `values` | take what comes in: options with their types, and values of any |
//! | `exports` | `TokenCore` and `UploadCore`, as TypeScript calls them |
//! | `driver` | runs any machines to completion; `clocks`, `timer`, `wakes` and `patience` are its tools |
//! | `tokens`, `uploads` | carry out what the machines of each kind want done |
//! | `upload_auths`, `request`, `vod` | ask for credentials; `answer` and `body` read what was answered, `thrown` what a function of the page threw |
//! | `view` | writes what goes out |
//! | `host` | calls TypeScript |
//! | `panic` | says so to TypeScript, once, when the module itself fails |

mod answer;
mod body;
mod clocks;
mod driver;
mod exports;
mod host;
mod options;
mod panic;
mod patience;
mod request;
mod thrown;
mod timer;
mod tokens;
mod upload_auths;
mod uploads;
mod values;
mod view;
mod vod;
mod wakes;

pub use exports::{TokenCore, UploadCore};
pub use host::{Out, TokenHost, UploadHost};
pub use options::{TokenOptions, UploadOptions};
pub use timer::Timer;
pub use values::parse;
pub use wakes::Wakes;

/// A page's module holds a few dozen values at a time: a free list is all that it needs.
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());
