//! Writes what both targets begin with, from the fixtures: `fuzz/corpus/reply/` and `fuzz/corpus/machine/`.

use std::{fs, io, path::Path};
use upload_token_fuzz::fuzzing::seeds;

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = fuzz.join("..");
    write(&fuzz.join("corpus/reply"), seeds::answers(&root))?;
    write(&fuzz.join("corpus/machine"), seeds::schedules())
}

fn write<N: AsRef<Path>>(folder: &Path, seeds: Vec<(N, Vec<u8>)>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    seeds.into_iter().try_for_each(|(name, data)| fs::write(folder.join(name), data))
}
