use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Request, render};

fn request(body: &str) -> Request {
    let map = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    Request {
        body: body.to_owned(),
        headers: map(&[("Content-Type", "application/json")]),
        query: map(&[("page", "2")]),
        path: map(&[("id", "7")]),
        context: json!({"authorizer": {"clientId": "c1"}, "requestId": "r"}),
        stage_variables: map(&[("Bus", "events"), ("Environment", "prod")]),
    }
}

fn text(template: &str, body: &str) -> String {
    render(template, &request(body)).map_or_else(|mistake| format!("{mistake:?}"), |rendered| rendered.text)
}

#[test]
fn events_of_a_request_become_entries_of_the_bus() {
    // The template of an API that puts each event of its clients on a bus.
    let template = r#"#set($context.requestOverride.header.X-Amz-Target = "AWSEvents.PutEvents")
#set($context.requestOverride.header.Content-Type = "application/x-amz-json-1.1")
#set($inputRoot = $input.path('$'))
{ "Entries": [
#foreach($elem in $inputRoot.entries)
{
  "Resources": ["$context.authorizer.clientId"],
  "Detail": "$util.escapeJavaScript($elem.entry).replaceAll("\\'", "'")",
  "DetailType": "$stageVariables.Environment",
  "EventBusName": "$stageVariables.Bus",
  "Source": "clientevents"
}#if($foreach.hasNext),#end

#end
]}"#;
    let body = json!({"entries": [{"entry": "{\"eventType\":\"a\"}"}, {"entry": "{\"n\":1}"}]}).to_string();
    let rendered = render(template, &request(&body)).unwrap();
    assert_eq!(rendered.headers["X-Amz-Target"], "AWSEvents.PutEvents");
    let made: Json = serde_json::from_str(&rendered.text).unwrap();
    assert_eq!(made["Entries"][1]["Detail"], "{\"n\":1}");
    assert_eq!(made["Entries"][0]["EventBusName"], "events");
    assert_eq!(made["Entries"][0]["Resources"][0], "c1");
    assert_eq!(made["Entries"].as_array().unwrap().len(), 2);
}

#[test]
fn references_have_values_or_stand_as_they_are() {
    let body = r#"{"a": {"b": [1, "x"]}, "n": null, "s": "it's"}"#;
    for (template, wanted) in [
        ("$input.body", body),
        ("$input.json('$.a')", r#"{"b":[1,"x"]}"#),
        ("$input.json('$.missing')", "\"\""),
        ("$input.path('$.a.b[1]')", "x"),
        ("$input.path('$.a').b.size()", "2"),
        ("$input.path('$.s')", "it's"),
        ("$input.params('id') $input.params('page') $input.params('content-type')", "7 2 application/json"),
        ("$input.params().header.get('Content-Type')", "application/json"),
        ("$missing $!missing ${missing} $!{missing}", "$missing  ${missing} "),
        ("$5 \\$a # $", "$5 $a # $"),
        ("#set($x = 'a')${x}b$x.length()", "ab1"),
        ("#set($x = \"<$context.requestId>\")$x", "<r>"),
        ("#set($m = {\"a\": [1, 2]})$m.a[1] $m.get('a').size() $m['a']", "2 2 [1, 2]"),
        ("#set($x = 7 / 2 + 1 * 2 - 1)$x", "4"),
        ("#set($x = 'a' + 1)$x", "a1"),
        ("## comment\na#* more *#b#[[ $raw ]]#", "ab $raw "),
        (
            "$util.base64Decode($util.base64Encode('ü')) $util.urlEncode('a b/ü') $util.urlDecode('a+b%2F')",
            "ü a+b%2F%C3%BC a b/",
        ),
        ("$util.escapeJavaScript($input.path('$.s'))", "it\\'s"),
        ("$util.parseJson('{\"a\": 1}').a", "1"),
    ] {
        assert_eq!(text(template, body), wanted, "{template}");
    }
}

#[test]
fn blocks_are_chosen_and_repeated() {
    for (template, wanted) in [
        ("#if($input.path('$.a') == 1)one#elseif($input.path('$.a') == 2)two#{else}other#end", "two"),
        ("#if(!$missing && ($a || true))yes#end", "yes"),
        ("#if('' || $missing)yes#{else}no#end", "no"),
        ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in $input.path('$.list'))$foreach.index:$i #if($foreach.count == 2)#break#end#end", "0:x 1:y "),
        ("#set($all = [])#foreach($i in [3..1])#set($x = $all.add($i))#end$all", "[3, 2, 1]"),
        ("#foreach($k in $input.path('$.m').keySet())$k=$input.path('$.m').get($k);#end", "p=1;q=2;"),
        ("a#stop b", "a"),
    ] {
        assert_eq!(text(template, r#"{"a": 2, "list": ["x", "y", "z"], "m": {"p": 1, "q": 2}}"#), wanted, "{template}");
    }
}

#[test]
fn what_is_not_followed_is_said_with_its_place() {
    for (template, place, message) in [
        ("a #macro(x) b #end", "#macro", "`#macro` is not followed here"),
        ("a $util.toJson($x)", ".toJson($x)", "`$util.toJson` is not followed here"),
        ("#if($a) b", "#if($a) b", "`#if` without `#end`"),
        ("x #end", "#end", "`#end` without a beginning"),
        ("#set($a = 'b)", "'b)", "a quote that nothing closes"),
        ("#set($a ~ 1)", "~", "`~` instead of `=`"),
        ("$input.path('$..a')", ".path('$..a')", "`$..a` is a path that is not followed here"),
        ("#set($x = 'a')$x.hashCode()", ".hashCode()", "the method `hashCode` with 0 arguments is not followed here"),
        ("#set($x = 'a' - 1)", "-", "numbers are compared and computed, one of these is none"),
        (r#"#set($a = "say ""é"" $util.toXml(""x"")")"#, ".toXml(\"\"x\"\")", "`$util.toXml` is not followed here"),
        ("#set($input.body = 1)", "$input.body", "`$input` cannot be set"),
    ] {
        let mistake = render(template, &request("{}")).unwrap_err();
        assert_eq!((&template[mistake.range], mistake.message.as_str()), (place, message), "{template}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(
        template in "(#if\\(|#end|#else|#foreach\\(\\$i in |\\)|#set\\(\\$a = |\\$a|\\$\\{a|\\.b|\\[|\\]|1|'|\"|\\.\\.|\\+|/|\\$input\\.path\\('\\$'\\)| |é|\\\\|#|\\$){0,14}",
        any: String,
    ) {
        for text in [template, any] {
            if let Err(mistake) = render(&text, &request("{\"a\": [1]}")) {
                prop_assert!(mistake.range.start <= mistake.range.end);
            }
        }
    }
}
