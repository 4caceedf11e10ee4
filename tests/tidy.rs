//! `npm test -- rust` runs this: rules about the repository that no compiler and no linter knows.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Longer files hold more than one kind of knowledge.
const MOST_LINES: usize = 400;

#[test]
fn the_bindgen_crate_and_its_tools_are_the_same_version() {
    let [crate_wants, tools_want] = ["Cargo.toml", "tools/Cargo.toml"]
        .map(|file| version_after(&read(file), "wasm-bindgen").replace('=', ""));
    let locked = locked_version("Cargo.lock", "wasm-bindgen");
    let locked_tools = locked_version("tools/Cargo.lock", "wasm-bindgen-cli");
    assert_eq!(crate_wants, tools_want, "Cargo.toml and tools/Cargo.toml");
    assert_eq!(crate_wants, locked, "Cargo.toml and Cargo.lock");
    assert_eq!(tools_want, locked_tools, "tools/Cargo.toml and tools/Cargo.lock");
}

#[test]
fn crates_package_and_changelog_have_the_same_version() {
    let workspace = version_after(&read("Cargo.toml"), "version");
    let package = json_string(&read("package.json"), "version");
    let lock = json_string(&read("package-lock.json"), "version");
    assert_eq!(workspace, package, "Cargo.toml and package.json");
    assert_eq!(package, lock, "package.json and package-lock.json");

    let changelog = read("CHANGELOG.md");
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(headings.next(), Some("Unreleased"), "what is not released stands first");
    let newest = headings.next().map_or("0.1.0", |heading| heading.split(' ').next().unwrap());
    assert_eq!(newest, package, "the newest release in CHANGELOG.md and package.json");
}

#[test]
fn files_are_short() {
    let long: Vec<_> = tracked()
        .into_iter()
        .filter(|file| {
            has_extension(file, &["rs", "ts", "mts", "js", "mjs", "css", "html"])
                && !file.starts_with("tests/fixtures")
        })
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}

#[test]
fn tests_stand_in_rooms_that_one_can_guess() {
    let rooms = ["core", "e2e", "fixtures", "package", "shell", "tidy.rs", "vectors"];
    for file in tracked().into_iter().filter(|file| file.starts_with("tests")) {
        let room = file.iter().nth(1).and_then(|room| room.to_str()).unwrap();
        assert!(
            rooms.contains(&room),
            "{}: no room of its own, see CONTRIBUTING.md",
            file.display()
        );
    }
}

/// A module that is found by a path is a subject in two places.
#[test]
fn modules_stand_where_their_names_say() {
    let attribute = concat!("#[pa", "th");
    for file in tracked().into_iter().filter(|file| has_extension(file, &["rs"])) {
        assert!(!read(&file).contains(attribute), "{} has a {attribute}", file.display());
    }
}

/// Neither a file nor, in a crate, a module with all that is within it.
#[test]
fn nothing_leads_back_to_itself() {
    let files: BTreeSet<_> = tracked()
        .into_iter()
        .filter(|file| has_extension(file, &["rs", "ts"]) && room_of(file).is_some())
        .collect();
    let leads: Leads = files.iter().map(|file| (file.clone(), taken_from(file, &files))).collect();
    let mut houses = Leads::new();
    for (file, taken) in leads.iter().filter(|(file, _)| has_extension(file, &["rs"])) {
        let all = houses.entry(house_of(file)).or_default();
        all.extend(
            taken.iter().map(|taken| house_of(taken)).filter(|house| *house != house_of(file)),
        );
    }
    for leads in [leads, houses] {
        let circles: Vec<_> = leads.keys().filter_map(|place| way_back(place, &leads)).collect();
        assert!(circles.is_empty(), "places that take from each other: {circles:#?}");
    }
}

/// Whoever opens a folder of tests reads there how to run it.
#[test]
fn the_first_file_of_tests_says_in_its_first_line_what_runs_it() {
    let text = read("scripts/lib/suites.mjs");
    let table = text.split_once("SUITES = {").unwrap().1.split_once("\n};").unwrap().0;
    let suites: BTreeMap<_, _> = table
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(name, runs)| (name.trim_matches('"'), runs))
        .collect();
    let mut folders = BTreeSet::new();
    for file in tracked().iter().filter(|file| has_extension(file, &["rs", "mjs"])) {
        let told = told_suites(file);
        let strange = told.iter().find(|told| !suites.contains_key(told.as_str()));
        assert_eq!(strange, None, "{}: there is no suite of that name", file.display());
        let folder = file.parent().unwrap();
        if is_named(file, "/main.rs") && folder.iter().any(|part| part == "tests") {
            assert!(!told.is_empty(), "{}: what runs it, in the first line", file.display());
        }
        if is_named(file, ".test.mjs") && folders.insert(folder.to_owned()) {
            let address = format!("(\"{}\"", folder.display());
            let suite = suites.iter().find(|(_, runs)| runs.contains(&address));
            let Some((suite, _)) = suite else { panic!("{folder:?}: no suite runs it") };
            assert!(told.iter().any(|told| told == suite), "{}: {suite} runs it", file.display());
        }
    }
}

/// The suites of which a file's first line says that they run it.
fn told_suites(file: &Path) -> Vec<String> {
    let text = read(file);
    let line = text.lines().next().unwrap_or_default();
    let told = line.split_once("`npm test -- ").and_then(|(_, rest)| rest.split_once('`'));
    told.map(|(told, _)| told.split(' ').map(str::to_owned).collect()).unwrap_or_default()
}

/// What no other file names is not compiled, and what is tested in it is not.
#[test]
fn each_module_is_named_by_the_one_that_it_is_in() {
    let files: BTreeSet<_> =
        tracked().into_iter().filter(|file| has_extension(file, &["rs"])).collect();
    // These are programs of their own, which cargo finds.
    let roots = ["bin", "examples", "fuzz_targets"];
    for file in &files {
        let mut module = file.with_extension("");
        if is_named(file, "/mod.rs") {
            module.pop();
        }
        let (name, folder) = (module.file_name().unwrap(), module.parent().unwrap());
        let root = roots.iter().any(|root| folder.ends_with(root));
        if root || ["main", "lib"].iter().any(|root| name == *root) || *folder == *"tests" {
            continue;
        }
        let naming = format!("mod {};", name.display());
        let names = ["main.rs", "lib.rs", "mod.rs"]
            .map(|form| folder.join(form))
            .into_iter()
            .chain([folder.with_extension("rs")])
            .filter(|form| files.contains(form))
            .any(|form| {
                let text = read(&form).replace("pub(crate) ", "").replace("pub(super) ", "");
                text.lines().any(|line| line.trim().trim_start_matches("pub ") == naming)
            });
        assert!(names, "{}: no `{naming}` where it would be compiled", file.display());
    }
}

/// wasm-bindgen lends an object for as long as an exported method of it runs, and for an `async` one
/// that is until its promise settles. Overlapping calls then throw "recursive use of an object".
#[test]
fn exported_methods_borrow_shared_and_return_at_once() {
    let mut found = 0;
    for file in tracked().into_iter().filter(|file| file.starts_with("src/wasm")) {
        let text = read(&file);
        for export in exported_blocks(&text) {
            found += 1;
            assert!(!export.contains("&mut self"), "{}: take `&self`", file.display());
            assert!(!export.contains("async fn"), "{}: return a `Promise`", file.display());
        }
    }
    assert!(
        found >= 2,
        "the managers and the uploads are exported: has the attribute been written otherwise?"
    );
}

/// The rest of `js/` can be read, and its types published, without the generated code.
#[test]
fn only_one_typescript_module_knows_the_generated_code() {
    for file in tracked().into_iter().filter(|file| file.starts_with("js")) {
        let knows = read(&file).contains("pkg/");
        let may = ["core.ts", "entries/inline.ts"].iter().any(|name| file.ends_with(name));
        assert!(!knows || may, "{} imports from pkg/: go through js/core.ts", file.display());
    }
}

#[test]
fn nothing_escapes_the_type_checker() {
    let escapes = ["@ts-ignore", "@ts-nocheck", ": any", "as any", "<any>"];
    for file in tracked().into_iter().filter(|file| file.starts_with("js")) {
        // A directive is a comment of its own; a type is no comment.
        for (number, line) in (1..).zip(read(&file).lines()) {
            let code = line.trim_start();
            let comment = code.starts_with('*') || code.starts_with("/*") || code.starts_with("//");
            let escape = escapes
                .iter()
                .find(|escape| line.contains(**escape) && (!comment || escape.starts_with('@')));
            assert_eq!(escape, None, "{}, line {number}", file.display());
        }
    }
}

#[test]
fn lock_files_name_no_host() {
    assert!(!read("package-lock.json").contains("\"resolved\""), "see omit-lockfile in .npmrc");
    for file in ["Cargo.lock", "tools/Cargo.lock", "fuzz/Cargo.lock"] {
        let lock = read(file);
        let strange = lock.lines().find(|line| {
            line.starts_with("source = ") && !line.contains("github.com/rust-lang/crates.io-index")
        });
        assert_eq!(strange, None, "{file} names another registry");
    }
}

/// A path of somebody's machine is no use to anybody else.
#[test]
fn no_path_of_one_machine() {
    // Spelled in halves, or this file would be found.
    let places = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    for file in tracked() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for place in places {
            assert!(!text.contains(place), "{} contains `{place}`", file.display());
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// Every file that git knows and that is still there, relative to the repository.
fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    let files: Vec<_> = names.split_terminator('\0').map(PathBuf::from).collect();
    assert!(!files.is_empty(), "git lists no files: is this a checkout?");
    files.into_iter().filter(|file| root().join(file).is_file()).collect()
}

fn is_named(file: &Path, ending: &str) -> bool {
    file.to_str().is_some_and(|path| path.ends_with(ending))
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
}

/// The version in the first line of a manifest that starts with `key`: its first string.
fn version_after(manifest: &str, key: &str) -> String {
    let line = manifest.lines().find(|line| line.starts_with(key)).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

fn locked_version(file: &str, package: &str) -> String {
    let lock = read(file);
    let entry = lock
        .split("[[package]]")
        .find(|entry| entry.lines().any(|line| line == format!("name = \"{package}\"")));
    json_like(entry.unwrap(), "version = \"")
}

fn json_string(json: &str, key: &str) -> String {
    json_like(json, &format!("\"{key}\": \""))
}

fn json_like(text: &str, before: &str) -> String {
    text.split_once(before).unwrap().1.split_once('"').unwrap().0.to_owned()
}

/// The text of each exported `impl` block, up to the brace that ends it in the first column.
fn exported_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[wasm_bindgen]\nimpl ").skip(1).filter_map(|after| after.split("\n}").next())
}

/// For each place, those from which it takes something.
type Leads = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// Where the modules of a file's crate or package begin.
fn room_of(file: &Path) -> Option<&Path> {
    file.ancestors().find(|at| at.ends_with("src") || *at == Path::new("js"))
}

/// The module of a crate's root that holds `file`, without extension.
fn house_of(file: &Path) -> PathBuf {
    let room = room_of(file).unwrap();
    let name = file.strip_prefix(room).unwrap().iter().next().unwrap();
    room.join(name).with_extension("")
}

/// The files of `all` from which `file` takes something. A module and what is within it count as one.
fn taken_from(file: &Path, all: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let text = read(file);
    let named: Vec<PathBuf> = if has_extension(file, &["ts"]) {
        let folder = file.parent().unwrap();
        let addresses = text.split("from \"").skip(1).filter_map(|rest| rest.split('"').next());
        let own = addresses.filter(|address| address.starts_with('.'));
        own.map(|address| plain(&folder.join(address)).with_extension("ts")).collect()
    } else {
        let own = file.with_extension("");
        let code = text.split("mod tests {").next().unwrap();
        let uses = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
        let paths = uses.flat_map(|tree| branches(&tree.split_whitespace().collect::<String>()));
        let places = paths.filter_map(|path| place(&own, &path));
        let forms = |at: &Path| [at.with_extension("rs"), at.join("mod.rs")];
        let files = places
            .filter_map(|place| place.ancestors().flat_map(forms).find(|form| all.contains(form)));
        files.collect()
    };
    let house = |file: &Path| file.with_extension("");
    let (own, within) = (house(file), |a: &Path, b: &Path| a.starts_with(b) || b.starts_with(a));
    named.into_iter().filter(|to| all.contains(to) && !within(&own, &house(to))).collect()
}

/// `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn branches(tree: &str) -> Vec<String> {
    let Some((stem, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (mut depth, mut all, mut part) = (0, Vec::new(), String::new());
    for letter in rest.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 || (depth == 0 && letter == ',') {
            all.extend(branches(&part).into_iter().map(|branch| format!("{stem}{branch}")));
            part.clear();
        } else {
            part.push(letter);
        }
        if depth < 0 {
            break;
        }
    }
    all
}

/// Where a path that a module `own` uses leads, as a path without extension; `None` to another crate.
fn place(own: &Path, path: &str) -> Option<PathBuf> {
    let mut names = path.split("::").peekable();
    let mut at = match *names.peek()? {
        "crate" => room_of(own)?.to_path_buf(),
        "super" => own.parent()?.to_path_buf(),
        _ => return None,
    };
    names.next();
    while names.next_if_eq(&"super").is_some() {
        at.pop();
    }
    Some(at.join(names.collect::<PathBuf>()))
}

/// `path` without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
        plain
    })
}

/// A way from `start` through what it takes from back to itself.
fn way_back(start: &Path, leads: &Leads) -> Option<Vec<PathBuf>> {
    let mut ways = vec![vec![start.to_path_buf()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in leads.get(way.last()?).into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push(way.iter().chain([next]).cloned().collect());
            }
        }
    }
    None
}
