//! The function that runs SQL of Redshift, against a fake that refuses what Redshift refuses.

use std::process::Command;

use crate::functions::has_python;
use crate::snapshots::project;

#[test]
fn the_function_that_runs_sql_makes_changes_and_undoes_what_is_asked_for() {
    if !has_python() {
        return;
    }
    let output = Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "-s", "tests/redshift"])
        .current_dir(project())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    // As many as there are in the file, so that none is left out.
    let source = std::fs::read_to_string(project().join("tests/redshift/test_runner.py")).unwrap();
    let count = source.matches("    def test_").count();
    assert!(count > 20 && told.contains(&format!("Ran {count} tests")), "{told}");
}
