//! Inputs to begin with: the fixtures of an AppServer's answers, and schedules that are a page's day.

use super::answers::Answer;
use serde_json::Value;
use std::{fs, path::Path};

/// A body that a fixture repeats is cut to this: size alone has tests of its own.
const BODY_MAX: usize = 4_096;

/// Name and input of every fixture under `tests/fixtures/app-server` of the repository at `root`.
pub fn answers(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = fs::read_dir(root.join("tests/fixtures/app-server"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let fixture: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            (name, answer(&fixture).write())
        })
        .collect();
    seeds.sort();
    seeds
}

fn answer(fixture: &Value) -> Answer {
    let header = |name: &str| fixture["headers"][name].as_str().map(|text| text.replace('\n', " "));
    let body = match &fixture["body"] {
        Value::String(text) => {
            let times = usize::try_from(fixture["repeat"].as_u64().unwrap_or(1)).unwrap();
            text.repeat(times.min((BODY_MAX / text.len().max(1)).max(1)))
        }
        value => value.to_string(),
    };
    Answer {
        status: fixture["status"].as_u64().map(|status| status.try_into().unwrap()),
        headers: ["date", "age", "retryAfter", "cacheControl"].map(header),
        body: body.into_bytes(),
    }
}

/// Name and input of a few schedules.
pub fn schedules() -> Vec<(&'static str, Vec<u8>)> {
    // Kind and number; 0xae10 is an hour, 0x8dbc a quarter of one, and 0x03e8 a second.
    let all: [(&str, &[(u8, u16)]); 8] = [
        ("day", &[(13, 0xae10), (5, 0), (0, 0x93e8), (5, 0), (2, 0xf800), (5, 0), (0, 0x03e8)]),
        (
            "outage",
            &[(5, 0), (0, 0x03e8), (15, 0), (11, 1), (1, 0xae10), (5, 0), (0, 0xa200), (15, 7)],
        ),
        (
            "refused",
            &[
                (5, 0),
                (0, 0x03e8),
                (9, 0),
                (5, 0),
                (0, 0x03e8),
                (9, 1),
                (9, 0),
                (14, 1),
                (0, 0x5e00),
            ],
        ),
        (
            "cached",
            &[(13, 0x3500), (5, 0), (0, 0x03e8), (14, 0), (11, 1), (0, 0x8800), (6, 0x7fff)],
        ),
        ("slept", &[(13, 0x8dbc), (5, 0), (0, 0x03e8), (2, 0x8fff), (5, 0), (20, 0x5fff)]),
        (
            "turned",
            &[(13, 0x8dbc), (5, 0), (0, 0x03e8), (4, 0xffff), (1, 0x8fff), (5, 0), (20, 0x5fff)],
        ),
        (
            "doubtful",
            &[(16, 2), (5, 0), (0, 0x03e8), (3, 0xfa8c), (5, 0), (4, 0xfa8c), (4, 0xfa8c), (5, 0)],
        ),
        (
            "forged",
            &[
                (14, 2),
                (5, 0),
                (18, 0x0a7f),
                (5, 0),
                (18, 0x1fff),
                (19, 1),
                (7, 0),
                (8, 1),
                (21, 0),
            ],
        ),
    ];
    all.map(|(name, happenings)| {
        let happenings = happenings.iter().flat_map(|&(kind, number)| {
            let [low, high] = number.to_le_bytes();
            [kind, low, high]
        });
        (name, [u8::from(name == "forged"), 0x77].into_iter().chain(happenings).collect())
    })
    .into()
}
