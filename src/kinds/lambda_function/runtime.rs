//! The runtimes of Lambda in which a function can be created.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A runtime of Lambda.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub enum Runtime {
    /// .NET 6.
    #[serde(rename = "dotnet6")]
    Dotnet6,
    /// .NET 8.
    #[serde(rename = "dotnet8")]
    Dotnet8,
    /// .NET 10.
    #[serde(rename = "dotnet10")]
    Dotnet10,
    /// Java 8.
    #[serde(rename = "java8.al2")]
    Java8,
    /// Java 11.
    #[serde(rename = "java11")]
    Java11,
    /// Java 17.
    #[serde(rename = "java17")]
    Java17,
    /// Java 21.
    #[serde(rename = "java21")]
    Java21,
    /// Java 25.
    #[serde(rename = "java25")]
    Java25,
    /// Node.js 16.
    #[serde(rename = "nodejs16.x")]
    Node16,
    /// Node.js 18.
    #[serde(rename = "nodejs18.x")]
    Node18,
    /// Node.js 20.
    #[serde(rename = "nodejs20.x")]
    Node20,
    /// Node.js 22.
    #[serde(rename = "nodejs22.x")]
    Node22,
    /// Node.js 24.
    #[serde(rename = "nodejs24.x")]
    Node24,
    /// An executable on Amazon Linux 2.
    #[serde(rename = "provided.al2")]
    ProvidedAl2,
    /// An executable on Amazon Linux 2023.
    #[serde(rename = "provided.al2023")]
    ProvidedAl2023,
    /// Python 3.8.
    #[serde(rename = "python3.8")]
    Python38,
    /// Python 3.9.
    #[serde(rename = "python3.9")]
    Python39,
    /// Python 3.10.
    #[serde(rename = "python3.10")]
    Python310,
    /// Python 3.11.
    #[serde(rename = "python3.11")]
    Python311,
    /// Python 3.12.
    #[serde(rename = "python3.12")]
    Python312,
    /// Python 3.13.
    #[serde(rename = "python3.13")]
    Python313,
    /// Python 3.14.
    #[serde(rename = "python3.14")]
    Python314,
    /// Ruby 3.2.
    #[serde(rename = "ruby3.2")]
    Ruby32,
    /// Ruby 3.3.
    #[serde(rename = "ruby3.3")]
    Ruby33,
    /// Ruby 3.4.
    #[serde(rename = "ruby3.4")]
    Ruby34,
    /// Ruby 4.0.
    #[serde(rename = "ruby4.0")]
    Ruby40,
}

impl Runtime {
    /// As Lambda names it.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }

    /// Whether CloudFormation makes an archive of a text of this language.
    ///
    /// Source: CloudFormation User Guide, `AWS::Lambda::Function` `Code`, `ZipFile`.
    pub fn takes_text(self) -> bool {
        let name = self.name();
        name.starts_with("nodejs") || name.starts_with("python")
    }

    /// Whether a file of its language is a module that Lambda loads by its name.
    ///
    /// Source: Lambda Developer Guide, "Lambda function handler" of Node.js, Python and Ruby.
    pub fn is_script(self) -> bool {
        self.takes_text() || self.name().starts_with("ruby")
    }
}
