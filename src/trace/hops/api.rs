//! Methods of REST APIs of API Gateway: what their mapping templates make of a request, and which service gets it.
//!
//! Source: API Gateway Developer Guide, "Data transformations for REST APIs", "Integration request" and "Integration
//! passthrough behaviors"; the references of `PutRecord`, `PutRecords`, `PutRecordBatch`, `PutEvents`, `SendMessage` and
//! `Publish`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::source::Span;
use crate::template::{Resource, Value, base64};
use crate::trace::report::{Hop, State};
use crate::trace::resolve::{self, Resolver};
use crate::trace::vtl::{self, Request};
use crate::trace::world::{DEFAULT_BUS, World};
use crate::trace::{Record, short};

/// The type of content where a request says none.
const JSON: &str = "application/json";

/// A method.
#[derive(Debug)]
pub struct Method {
    verb: String,
    /// `AWS`, `AWS_PROXY`, `HTTP`, `HTTP_PROXY`, `MOCK`
    kind: String,
    /// What gets the request, as API Gateway writes it.
    uri: String,
    templates: BTreeMap<String, (String, Span)>,
    passthrough: String,
    place: Span,
}

/// What an integration asks of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Action<'a> {
    service: &'a str,
    /// `action` with the name of one, or `path` with a path.
    form: &'a str,
    rest: &'a str,
}

impl Method {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let integration = properties.get("Integration");
        let text = |name: &str| {
            let value = integration.and_then(|integration| integration.at(&[name]));
            value.and_then(|value| resolver.value(value)).as_ref().and_then(resolve::text).unwrap_or_default()
        };
        let templates =
            integration.and_then(|integration| integration.at(&["RequestTemplates"])).and_then(Value::as_map);
        let template = |(key, value): &(crate::template::Key, Value)| {
            let text = resolver.value(value).as_ref().and_then(resolve::text)?;
            Some((key.text.clone(), (text, value.origin.span())))
        };
        Self {
            verb: resolver.text(properties, &["HttpMethod"]).unwrap_or_default(),
            kind: text("Type"),
            uri: text("Uri"),
            templates: templates.map(|map| map.0.iter().filter_map(template).collect()).unwrap_or_default(),
            passthrough: text("PassthroughBehavior"),
            place: integration.map_or(resource.origin, |integration| integration.origin).span(),
        }
    }

    /// Whether it names this: in its template, or as where it sends to.
    pub fn is_sending_to(&self, name: &str) -> bool {
        let said = |text: &str| text.contains(&format!("\"{name}\"")) || text.ends_with(&format!("/{name}"));
        said(&self.uri) || self.templates.values().any(|(text, _)| said(text))
    }

    /// The service that gets the request: `arn:aws:apigateway:region:service:action/Name`.
    fn action(&self) -> Option<Action<'_>> {
        let rest = self.uri.split_once(":apigateway:")?.1;
        let (_, rest) = rest.split_once(':')?;
        let (service, rest) = rest.split_once(':')?;
        let (form, rest) = rest.split_once('/')?;
        Some(Action { service, form, rest })
    }
}

/// A request as a sample shows it: an event of a proxy with a body, or else the body alone.
fn request(record: &Record, method: &Method, account: &str) -> Request {
    let texts = |value: &Json| -> BTreeMap<String, String> {
        let entries = value.as_object().into_iter().flatten();
        entries.filter_map(|(name, value)| Some((name.clone(), resolve::text(value)?))).collect()
    };
    let mut made = Request {
        body: record.text(),
        context: json!({
            "requestId": "00000000-0000-4000-8000-000000000001",
            "accountId": account,
            "httpMethod": method.verb,
            "stage": "stage",
            "requestTimeEpoch": record.arrival.as_millisecond(),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "formwork"},
        }),
        ..Request::default()
    };
    if let Some(event) = record.json().filter(|event| event.get("body").is_some() && event.get("headers").is_some()) {
        made.body = event["body"].as_str().map_or_else(|| event["body"].to_string(), ToOwned::to_owned);
        made.headers = texts(&event["headers"]);
        made.query = texts(&event["queryStringParameters"]);
        made.path = texts(&event["pathParameters"]);
        made.stage_variables = texts(&event["stageVariables"]);
        for (key, value) in event["requestContext"].as_object().into_iter().flatten() {
            made.context[key] = value.clone();
        }
    }
    made
}

/// The fields of a form, as SQS and SNS take them.
fn form(body: &str) -> BTreeMap<String, String> {
    let pairs = body.trim().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (vtl::url_decode(name.trim()), vtl::url_decode(value))).collect()
}

impl World<'_> {
    /// A request at a method.
    pub(super) fn method(&self, id: &str, method: &Method, record: &Record, trail: &[&str]) -> Hop {
        let at = |state: State, place: Span, says: String| {
            let mut hop = self.hop("API method", id, state, says);
            hop.place = Some(place);
            hop
        };
        if matches!(method.kind.as_str(), "HTTP" | "HTTP_PROXY" | "MOCK") {
            let says = if method.kind == "MOCK" {
                "answers by itself".to_owned()
            } else {
                format!("sends it to {}", method.uri)
            };
            return at(State::Delivered, method.place, says);
        }
        let Some(action) = method.action() else {
            return at(
                State::Unknown,
                method.place,
                format!("where it sends to is not followed: `{}`", short(&method.uri, 80)),
            );
        };
        let request = request(record, method, &self.resolver.deployment().account);
        if action.service == "lambda" {
            return self.at_function(id, method, action, &request, record, trail);
        }
        let kind = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = kind.map_or(JSON, |(_, kind)| kind.split(';').next().unwrap_or_default().trim()).to_owned();
        let body = match method.templates.get(&kind) {
            Some((template, place)) => match vtl::render(template, &request) {
                Ok(rendered) => rendered.text,
                Err(mistake) => {
                    let line = template[..mistake.range.start.min(template.len())].matches('\n').count() + 1;
                    let says = format!("its mapping template is not run: {}, in line {line} of it", mistake.message);
                    return at(State::Unknown, *place, says);
                }
            },
            None if method.passthrough == "NEVER"
                || (method.passthrough == "WHEN_NO_TEMPLATES" && !method.templates.is_empty()) =>
            {
                let says = format!("refuses the request with status 415: it has no mapping template for `{kind}`");
                return at(State::Failed, method.place, says);
            }
            None => request.body.clone(),
        };
        let mut hop = self.hop("API method", id, State::Passed, format!("calls {} of {}", action.rest, action.service));
        hop.facts.record = Some(record.with(body.as_str()).shown());
        match self.called(action, &body, record, trail) {
            Ok(next) => hop.next = next,
            Err(why) => {
                hop.state = State::Failed;
                hop.says = format!("{} refuses what its mapping template makes: {why}", action.rest);
                hop.place = method.templates.get(&kind).map(|(_, place)| *place).or(Some(method.place));
                hop.note(format!("it makes {}", crate::trace::one_line(body.as_bytes())), None);
            }
        }
        hop
    }

    /// A request at a function.
    fn at_function(
        &self,
        id: &str,
        method: &Method,
        action: Action<'_>,
        request: &Request,
        record: &Record,
        trail: &[&str],
    ) -> Hop {
        let mut hop = self.hop("API method", id, State::Passed, "calls a function");
        let arn = action.rest.split_once("functions/").map_or("", |(_, rest)| rest.trim_end_matches("/invocations"));
        let event = if method.kind == "AWS_PROXY" {
            json!({
                "httpMethod": method.verb,
                "headers": request.headers,
                "queryStringParameters": request.query,
                "pathParameters": request.path,
                "stageVariables": request.stage_variables,
                "requestContext": request.context,
                "body": request.body,
                "isBase64Encoded": false,
            })
        } else {
            serde_json::from_str(&request.body).unwrap_or(Json::String(request.body.clone()))
        };
        hop.next.push(match self.by_arn(arn) {
            Some(function) => self.call(function, &event, record),
            None => self.send("function", arn, record, trail),
        });
        hop
    }

    /// What a service does with what it is called with. An error is why it refuses it, in words.
    fn called(&self, action: Action<'_>, body: &str, record: &Record, trail: &[&str]) -> Result<Vec<Hop>, String> {
        if matches!(action.service, "sqs" | "sns") {
            return self.called_by_form(action, body, record, trail);
        }
        let request: Json = serde_json::from_str(body).map_err(|error| format!("it is no JSON: {error}"))?;
        let text = |value: &Json, name: &str| {
            value[name].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("it has no text `{name}`"))
        };
        let items = |name: &str| request[name].as_array().ok_or_else(|| format!("it has no list `{name}`"));
        let data = |value: &Json| -> Result<Record, String> {
            let bytes = base64::decode(&text(value, "Data")?).ok_or("`Data` is not Base64")?;
            Ok(record.with(bytes))
        };
        let keyed =
            |value: &Json| -> Result<Record, String> { Ok(data(value)?.keyed(Some(text(value, "PartitionKey")?))) };
        let reached = |kind: &str, name: &str, sent: &Record| self.send_to("target", (kind, name), sent, trail);
        match (action.service, action.rest) {
            ("firehose", "PutRecord" | "PutRecordBatch") => {
                let name = text(&request, "DeliveryStreamName")?;
                let one = std::slice::from_ref(&request["Record"]);
                let all = if action.rest == "PutRecord" { one } else { items("Records")?.as_slice() };
                let all: Result<Vec<Record>, String> = all.iter().map(data).collect();
                Ok(all?.iter().map(|sent| reached("AWS::KinesisFirehose::DeliveryStream", &name, sent)).collect())
            }
            ("kinesis", "PutRecord" | "PutRecords") => {
                let name = match text(&request, "StreamName") {
                    Ok(name) => name,
                    Err(wrong) => {
                        let arn = text(&request, "StreamARN").map_err(|_| wrong)?;
                        arn.rsplit('/').next().unwrap_or_default().to_owned()
                    }
                };
                let one = std::slice::from_ref(&request);
                let all = if action.rest == "PutRecord" { one } else { items("Records")?.as_slice() };
                let all: Result<Vec<Record>, String> = all.iter().map(keyed).collect();
                Ok(all?.iter().map(|sent| reached("AWS::Kinesis::Stream", &name, sent)).collect())
            }
            ("events", "PutEvents") => items("Entries")?.iter().map(|entry| self.put(entry, record, trail)).collect(),
            (service, name) => Err(format!("`{name}` of {service} is not followed here")),
        }
    }

    /// An entry of `PutEvents`.
    fn put(&self, entry: &Json, record: &Record, trail: &[&str]) -> Result<Hop, String> {
        let text = |name: &str| entry[name].as_str().ok_or_else(|| format!("an entry has no text `{name}`"));
        let detail: Json =
            serde_json::from_str(text("Detail")?).map_err(|error| format!("`Detail` is no JSON: {error}"))?;
        if !detail.is_object() {
            return Err("`Detail` is no object".to_owned());
        }
        let bus = entry["EventBusName"].as_str().unwrap_or(DEFAULT_BUS);
        let bus = bus.rsplit_once('/').map_or(bus, |(_, name)| name);
        let deployment = self.resolver.deployment();
        let event = json!({
            "version": "0",
            "id": "00000000-0000-4000-8000-000000000001",
            "detail-type": text("DetailType")?,
            "source": text("Source")?,
            "account": deployment.account,
            "time": format!("{:.0}", record.arrival),
            "region": deployment.region,
            "resources": entry["Resources"].as_array().cloned().unwrap_or_default(),
            "detail": detail,
        });
        Ok(self.bus(bus, &Record::of(Arc::new(event), record.arrival), trail))
    }

    fn called_by_form(
        &self,
        action: Action<'_>,
        body: &str,
        record: &Record,
        trail: &[&str],
    ) -> Result<Vec<Hop>, String> {
        let fields = form(body);
        let field =
            |name: &str| fields.get(name).map(String::as_str).ok_or_else(|| format!("it has no field `{name}`"));
        let name = if action.form == "action" { action.rest } else { field("Action")? };
        let hop = match (action.service, name) {
            ("sqs", "SendMessage") => {
                let queue = if action.form == "path" { action.rest } else { field("QueueUrl")? };
                let queue = queue.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let sent = record.with(field("MessageBody")?);
                self.send_to("target", ("AWS::SQS::Queue", queue), &sent, trail)
            }
            ("sns", "Publish") => self.send("target", field("TopicArn")?, &record.with(field("Message")?), trail),
            (service, name) => return Err(format!("`{name}` of {service} is not followed here")),
        };
        Ok(vec![hop])
    }
}
