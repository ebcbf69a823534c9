//! What the code of a function reaches.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::Reference;
use crate::kinds::schema::FOLDER_PATTERN;
use crate::kinds::{Access, Wire};

/// Something that code reaches, one at a time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Use {
    /// The stream into which it puts records.
    put_to: Option<Reference>,
    /// The `s3-bucket` whose objects it reads.
    read: Option<Objects>,
    /// The `s3-bucket` in which it stores objects.
    write: Option<Objects>,
    /// The `secret` that it reads.
    secret: Option<Reference>,
    /// The `lambda-function` that it runs.
    invoke: Option<Reference>,
}

/// Objects of a bucket.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Objects {
    /// All.
    #[serde(rename = "Text")]
    All(Reference),
    /// Those in a folder.
    #[serde(rename = "Map")]
    Under(Folder),
}

/// A folder of a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ObjectsIn")]
struct Folder {
    /// The `s3-bucket`.
    bucket: Reference,
    /// The folder.
    #[schemars(regex(pattern = FOLDER_PATTERN))]
    prefix: String,
}

impl JsonSchema for Objects {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Objects".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<Reference>(), generator.subschema_for::<Folder>()]})
    }
}

impl Use {
    /// The wire that it is.
    pub fn wires(&self) -> impl Iterator<Item = Wire<'_>> {
        let put = self.put_to.iter().map(|to| Wire { to, access: Access::PutRecords });
        let read = self.read.iter().map(Objects::place);
        let read = read.map(|(to, prefix)| Wire { to, access: Access::ReadObjects(prefix) });
        let write = self.write.iter().map(Objects::place);
        let write = write.map(|(to, prefix)| Wire { to, access: Access::WriteObjects(vec![prefix]) });
        let secret = self.secret.iter().map(|to| Wire { to, access: Access::ReadSecret });
        let invoke = self.invoke.iter().map(|to| Wire { to, access: Access::Invoke });
        put.chain(read).chain(write).chain(secret).chain(invoke)
    }
}

impl Objects {
    fn place(&self) -> (&Reference, String) {
        match self {
            Self::All(bucket) => (bucket, String::new()),
            Self::Under(Folder { bucket, prefix }) => (bucket, prefix.clone()),
        }
    }
}
