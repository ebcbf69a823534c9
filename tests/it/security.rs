//! What is only good to know is shown to those who ask, and every page says which public checks it covers.

use std::collections::BTreeSet;

use formwork::cli;
use formwork::diagnostics::{Code, Severity};
use regex_lite::Regex;

use crate::cli::{Folder, formwork};

const BUCKET: &str = "Resources:\n  Archive: { Type: AWS::S3::Bucket }\n";

#[test]
fn what_is_only_good_to_know_is_shown_where_it_is_asked_for() {
    let advice = "info[without-access-logs]";
    for (settings, arguments, shown, status) in [
        ("severity: {}", &[][..], None, 0),
        ("severity: {}", &["--info"], Some(advice), 0),
        ("severity: {}", &["--fail-on", "info"], Some(advice), 1),
        ("severity: { without-access-logs: info }", &[], Some(advice), 0),
        ("severity: { without-access-logs: warning }", &[], Some("warning[without-access-logs]"), 0),
        ("severity: { without-access-logs: error }", &[], Some("error[without-access-logs]"), 1),
        ("severity: { without-access-logs: off }", &["--info"], None, 0),
        ("accept: [{ code: without-access-logs, reason: The trail has them. }]", &["--info"], None, 0),
    ] {
        let folder = Folder::new(&[("formwork.yaml", settings), ("a.template.yaml", BUCKET)]);
        let output = folder.output(&[&["check", "a.template.yaml"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{settings} {arguments:?}\n{said}");
        match shown {
            Some(shown) => assert!(said.contains(shown), "{settings} {arguments:?}\n{said}"),
            None => assert!(!said.contains("without-access-logs"), "{settings} {arguments:?}\n{said}"),
        }
    }
}

#[test]
fn an_acknowledgement_of_advice_is_no_mistake() {
    let metadata = "Metadata:\n  formwork:\n    allow: [{ code: without-access-logs, reason: The trail has them. }]\n";
    let folder = Folder::new(&[("a.template.yaml", &format!("{metadata}{BUCKET}"))]);
    for arguments in [&["check", "a.template.yaml"][..], &["check", "a.template.yaml", "--info"]] {
        let said = String::from_utf8(folder.output(arguments).stderr).unwrap();
        assert!(!said.contains("warning") && !said.contains("without-access-logs"), "{said}");
    }
}

#[test]
fn pages_are_found_by_the_ids_of_public_checks() {
    for (id, code) in [
        ("CKV_AWS_18", "without-access-logs"),
        ("ckv_aws_18", "without-access-logs"),
        ("S3_BUCKET_LOGGING_ENABLED", "without-access-logs"),
        ("CKV_AWS_33", "open-to-everyone"),
        ("W2010", "leaked-secret"),
    ] {
        let ran = formwork(&["explain", id]);
        assert!(ran.out.starts_with(&format!("# {code}\n")), "{id}\n{}{}", ran.out, ran.err);
    }
    // More than one page may cover a check.
    let several = formwork(&["explain", "CKV_AWS_64"]).out;
    assert!(several.contains("# encryption-off\n") && several.contains("# without-encryption\n"), "{several}");
    assert!(formwork(&["explain", "CKV_AWS_1"]).out.is_empty());
}

#[test]
fn pages_name_the_ids_of_checks_in_order() {
    let id = Regex::new("^(CKV2?_AWS_[0-9]+|[EWI][0-9]{4}|[A-Z][A-Z0-9]+(_[A-Z0-9]+)+)$").unwrap();
    let mut seen = BTreeSet::new();
    for code in cli::codes() {
        let ids: Vec<&str> = code.covers().collect();
        for one in &ids {
            assert!(id.is_match(one), "{}: {one}", code.name);
        }
        let unique: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{}", code.name);
        seen.extend(ids);
    }
    assert!(seen.len() > 130, "{}", seen.len());
}

#[test]
fn advice_about_what_is_not_there_covers_a_public_check() {
    let advice = |code: &&Code| code.severity == Severity::Info && code.name.starts_with("without-");
    for code in cli::codes().iter().copied().filter(advice) {
        assert!(code.covers().next().is_some(), "{} asks for something that nobody asks for", code.name);
    }
}
