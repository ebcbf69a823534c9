//! Amazon S3.

use crate::check::Context;
use crate::check::known::{Given, given, text};
use crate::diagnostics::Sink;

codes! {
    /// A bucket is given an access control list, which its ownership settings do not allow.
    ///
    /// New buckets have `BucketOwnerEnforced`, with which S3 refuses every list but `Private` and
    /// `BucketOwnerFullControl`: the bucket is not made.
    /// Lists are hardly ever needed; a bucket policy says the same for all objects.
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: LogDeliveryWrite
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: LogDeliveryWrite
    ///       OwnershipControls:
    ///         Rules: [{ ObjectOwnership: BucketOwnerPreferred }]
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
    OWNERSHIP = Error "acl-without-ownership";
}

/// What a bucket takes although its owner owns all objects.
///
/// Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
const HARMLESS: &[&str] = &["BucketOwnerFullControl", "Private"];

/// Checks buckets.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for bucket in context.of_type("AWS::S3::Bucket") {
        let Some(list) = bucket.properties.get("AccessControl") else { continue };
        let refused = text(list).is_some_and(|list| !HARMLESS.contains(&list.as_str()));
        if refused && given(&bucket.properties, "OwnershipControls") == Given::No {
            context
                .report(
                    sink,
                    &OWNERSHIP,
                    bucket,
                    &["AccessControl"],
                    "an access control list without `OwnershipControls`",
                )
                .help("remove it and write a bucket policy, or add `OwnershipControls`");
        }
    }
}
