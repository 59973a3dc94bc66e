//! The committed table of role × object × action is what the policies say.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use std::{env, fmt::Write as _, fs, path::Path};

use kernel::{EnvironmentId, FixedClock, SeededEntropy};
use policies::{ACTIONS, Attributes, Place, PolicySnapshot, Reach, STAFF_ROLES, SYSTEM_ROLES, TENANT_ROLES};

const UPDATE: &str = "UPDATE_ROLE_GRID";
const HEAD: &str = "\
# Who may do what: `all` objects, only his `own`, or `-` for refused.
# Written by `UPDATE_ROLE_GRID=1 cargo test -p policies --test role_grid`, compared by the same test.
";

fn grid() -> String {
    let clock = FixedClock::new(1_790_000_000);
    let environment = EnvironmentId::generate(&clock, &SeededEntropy::new(1));
    let tenant = PolicySnapshot::built_in(environment).unwrap();
    let platform = PolicySnapshot::platform().unwrap();
    let roles = TENANT_ROLES.iter().chain(STAFF_ROLES).chain(SYSTEM_ROLES).copied().collect::<Vec<_>>();
    let mut text = format!("{HEAD}\n{:<28}", "");
    for role in &roles {
        write!(text, " {role:<19}").unwrap();
    }
    for action in ACTIONS {
        write!(text, "\n{:<28}", format!("{} {}", action.object, action.act)).unwrap();
        let (home, abroad) = match action.place {
            Place::Environment => (&tenant, &*platform),
            Place::Platform => (&*platform, &tenant),
        };
        for role in &roles {
            let answer = |snapshot: &PolicySnapshot| match snapshot
                .explain(role, action.object, action.act, &Attributes::unknown())
                .reach
            {
                Some(Reach::All) => "all",
                Some(Reach::Own) => "own",
                None => "-",
            };
            assert_eq!(answer(abroad), "-", "{role} does {action:?} outside its place");
            write!(text, " {:<19}", answer(home)).unwrap();
        }
    }
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>();
    lines.join("\n") + "\n"
}

#[test]
fn the_committed_grid_is_what_the_policies_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("role-grid.txt");
    let actual = grid();
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differing = actual.lines().filter(|line| !committed.lines().any(|known| known == *line)).collect::<Vec<_>>();
    assert!(
        committed == actual,
        "policies/role-grid.txt is out of date. If the new rights are meant, run \
         `{UPDATE}=1 cargo test -p policies --test role_grid` and commit the file. Lines that differ:\n{}",
        differing.join("\n")
    );
}
