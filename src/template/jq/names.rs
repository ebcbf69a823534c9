//! The names in a program: functions, variables and labels, and what each stands for.

use super::Mistake;
use super::ast::{Expression, Function, Kind, Part, Pattern};
use crate::diagnostics::closest;

/// The functions of jq 1.6, with how many arguments each takes.
///
/// Source: the answer of jq 1.6 to `builtins`.
pub const BUILTINS: &str = "IN/1 IN/2 INDEX/1 INDEX/2 JOIN/2 JOIN/3 JOIN/4 acos/0 acosh/0 add/0 all/0 all/1 all/2 any/0 \
    any/1 any/2 arrays/0 ascii_downcase/0 ascii_upcase/0 asin/0 asinh/0 atan/0 atan2/2 atanh/0 booleans/0 bsearch/1 \
    builtins/0 capture/1 capture/2 cbrt/0 ceil/0 combinations/0 combinations/1 contains/1 copysign/2 cos/0 cosh/0 \
    debug/0 del/1 delpaths/1 drem/2 empty/0 endswith/1 env/0 erf/0 erfc/0 error/0 error/1 exp/0 exp10/0 exp2/0 \
    explode/0 expm1/0 fabs/0 false/0 fdim/2 finites/0 first/0 first/1 flatten/0 flatten/1 floor/0 fma/3 fmax/2 fmin/2 \
    fmod/2 format/1 frexp/0 from_entries/0 fromdate/0 fromdateiso8601/0 fromjson/0 fromstream/1 gamma/0 \
    get_jq_origin/0 get_prog_origin/0 get_search_list/0 getpath/1 gmtime/0 group_by/1 gsub/2 gsub/3 halt/0 \
    halt_error/0 halt_error/1 has/1 hypot/2 implode/0 in/1 index/1 indices/1 infinite/0 input/0 input_filename/0 \
    input_line_number/0 inputs/0 inside/1 isempty/1 isfinite/0 isinfinite/0 isnan/0 isnormal/0 iterables/0 j0/0 j1/0 \
    jn/2 join/1 keys/0 keys_unsorted/0 last/0 last/1 ldexp/2 leaf_paths/0 length/0 lgamma/0 lgamma_r/0 limit/2 \
    localtime/0 log/0 log10/0 log1p/0 log2/0 logb/0 ltrimstr/1 map/1 map_values/1 match/1 match/2 max/0 max_by/1 min/0 \
    min_by/1 mktime/0 modf/0 modulemeta/0 nan/0 nearbyint/0 nextafter/2 nexttoward/2 normals/0 not/0 now/0 nth/1 nth/2 \
    null/0 nulls/0 numbers/0 objects/0 path/1 paths/0 paths/1 pow/2 pow10/0 range/1 range/2 range/3 recurse/0 \
    recurse/1 recurse/2 recurse_down/0 remainder/2 repeat/1 reverse/0 rindex/1 rint/0 round/0 rtrimstr/1 scalars/0 \
    scalars_or_empty/0 scalb/2 scalbln/2 scan/1 select/1 setpath/2 significand/0 sin/0 sinh/0 sort/0 sort_by/1 split/1 \
    split/2 splits/1 splits/2 sqrt/0 startswith/1 stderr/0 strflocaltime/1 strftime/1 strings/0 strptime/1 sub/2 sub/3 \
    tan/0 tanh/0 test/1 test/2 tgamma/0 to_entries/0 todate/0 todateiso8601/0 tojson/0 tonumber/0 tostream/0 \
    tostring/0 transpose/0 true/0 trunc/0 truncate_stream/1 type/0 unique/0 unique_by/1 until/2 utf8bytelength/0 \
    values/0 walk/1 while/2 with_entries/1 y0/0 y1/0 yn/2";

/// Functions that came later, with the first version that has them. Source: the manuals of jq 1.7 and 1.8.
const LATER: &[(&str, &str)] = &[
    ("abs/0", "1.8"),
    ("add/1", "1.8"),
    ("ascii/0", "1.7"),
    ("dateadd/2", "1.7"),
    ("datesub/2", "1.7"),
    ("date/0", "1.7"),
    ("debug/1", "1.7"),
    ("error/2", "1.7"),
    ("getpath/2", "1.7"),
    ("have_decnum/0", "1.7"),
    ("have_literal_numbers/0", "1.7"),
    ("limit/1", "1.7"),
    ("ltrim/0", "1.7"),
    ("ltrimstr/0", "1.7"),
    ("pick/1", "1.7"),
    ("rtrim/0", "1.7"),
    ("scan/2", "1.7"),
    ("skip/2", "1.8"),
    ("splits/0", "1.7"),
    ("toarray/0", "1.7"),
    ("trim/0", "1.7"),
    ("trimstr/1", "1.8"),
];

/// The formats that jq 1.6 knows. Source: jq 1.6 manual, "Format strings and escaping".
const FORMATS: &[&str] = &["text", "json", "html", "uri", "csv", "tsv", "sh", "base64", "base64d"];

/// The variables that are there from the start. Source: jq 1.6 manual, "$ENV.PATH" and "--args".
const VARIABLES: &[&str] = &["ENV", "ARGS"];

/// The mistakes in the names of a program.
pub fn check(whole: &Expression) -> Vec<Mistake> {
    let mut names = Names { functions: Vec::new(), variables: Vec::new(), labels: Vec::new(), found: Vec::new() };
    names.expression(whole);
    names.found
}

/// The mistakes in the names of functions that a program only defines.
pub fn check_functions(functions: &[Function]) -> Vec<Mistake> {
    let mut names = Names { functions: Vec::new(), variables: Vec::new(), labels: Vec::new(), found: Vec::new() };
    for function in functions {
        names.define(function);
    }
    // Nothing calls them, so jq drops them before it looks for names.
    names.found.into_iter().map(Mistake::later).collect()
}

/// Whether jq 1.6 has a function of its own.
pub fn is_builtin(name: &str, arguments: usize) -> bool {
    BUILTINS.split_whitespace().any(|known| known.split_once('/') == Some((name, &arguments.to_string())))
}

/// What is known at one place of a program.
struct Names<'a> {
    /// Name, number of arguments, and whether it is called.
    functions: Vec<(&'a str, usize, bool)>,
    variables: Vec<&'a str>,
    labels: Vec<&'a str>,
    found: Vec<Mistake>,
}

impl<'a> Names<'a> {
    fn add(&mut self, mistake: Mistake) {
        self.found.push(mistake);
    }

    fn expression(&mut self, whole: &'a Expression) {
        match &whole.kind {
            Kind::Identity | Kind::Everything | Kind::Number(_) | Kind::Location(_) => {}
            Kind::Format(name) => self.format(name, whole),
            Kind::Text(format, parts) => {
                let mut is_filled = false;
                for part in parts {
                    if let Part::Expression(inner) = part {
                        is_filled = true;
                        self.expression(inner);
                    }
                }
                if let Some(format) = format.as_ref().filter(|_| is_filled) {
                    self.format(format, whole);
                }
            }
            Kind::Array(items) => {
                if let Some(items) = items {
                    self.expression(items);
                }
            }
            Kind::Object(entries) => {
                for entry in entries {
                    self.expression(&entry.key);
                    // What is short for its key was looked at with the key.
                    if entry.value.range != entry.key.range || matches!(entry.value.kind, Kind::Variable(_)) {
                        self.expression(&entry.value);
                    }
                }
            }
            Kind::Binary("-", left, right) => {
                self.expression(left);
                if !self.is_hyphen(left, right) {
                    self.expression(right);
                }
            }
            Kind::Index(left, right)
            | Kind::Binary(_, left, right)
            | Kind::Pipe(left, right)
            | Kind::Comma(left, right) => {
                self.expression(left);
                self.expression(right);
            }
            Kind::Slice(of, from, to) => {
                self.expression(of);
                for end in from.iter().chain(to) {
                    self.expression(end);
                }
            }
            Kind::Each(of) | Kind::Negation(of) | Kind::Optional(of) => self.expression(of),
            Kind::Binding(source, patterns, body) => {
                self.expression(source);
                self.with(patterns, |names| names.expression(body));
            }
            Kind::Reduce(source, patterns, first, step) => {
                self.expression(source);
                self.expression(first);
                self.with(patterns, |names| names.expression(step));
            }
            Kind::Foreach(source, patterns, first, step, result) => {
                self.expression(source);
                self.expression(first);
                self.with(patterns, |names| {
                    names.expression(step);
                    if let Some(result) = result {
                        names.expression(result);
                    }
                });
            }
            Kind::If(test, then, otherwise) => {
                self.expression(test);
                self.expression(then);
                self.expression(otherwise);
            }
            Kind::Try(body, handler) => {
                self.expression(body);
                if let Some(handler) = handler {
                    self.expression(handler);
                }
            }
            Kind::Label(name, body) => {
                self.labels.push(name);
                self.expression(body);
                self.labels.pop();
            }
            Kind::Break(name) => {
                if !self.labels.contains(&name.as_str()) {
                    let help = closest(name, self.labels.iter().copied()).map_or_else(
                        || format!("write `label ${name} | …` around it"),
                        |label| format!("did you mean `${label}`?"),
                    );
                    self.add(Mistake::new(whole.range.clone(), format!("no label `${name}`")).help(help));
                }
            }
            Kind::Definition(function, body) => {
                let inside = self.found.len();
                self.define(function);
                let outside = self.found.len();
                self.expression(body);
                // jq drops what nothing calls before it looks for names.
                if self.functions.pop().is_some_and(|(_, _, is_called)| !is_called) {
                    self.found[inside..outside].iter_mut().for_each(|mistake| mistake.runs = true);
                }
            }
            Kind::Call(name, arguments) => {
                self.call(whole, name, arguments.len());
                for argument in arguments {
                    self.expression(argument);
                }
            }
            Kind::Variable(name) => self.variable(whole, name),
        }
    }

    fn format(&mut self, name: &str, whole: &Expression) {
        if FORMATS.contains(&name) {
            return;
        }
        let range = whole.range.start..whole.range.start + name.len() + 1;
        let help = match closest(name, FORMATS.iter().copied()) {
            Some(known) => format!("did you mean `@{known}`?"),
            None if name == "urid" => "it needs jq 1.8".to_owned(),
            None => format!("the formats are `@{}`", FORMATS.join("`, `@")),
        };
        self.add(Mistake::new(range, format!("no format `@{name}`")).help(help).later());
    }

    /// Makes a function known, for itself and for what follows; its body is looked at.
    fn define(&mut self, function: &'a Function) {
        self.functions.push((&function.name, function.parameters.len(), false));
        let (functions, variables) = (self.functions.len(), self.variables.len());
        for (name, is_value) in &function.parameters {
            self.functions.push((name, 0, false));
            if *is_value {
                self.variables.push(name);
            }
        }
        self.expression(&function.body);
        self.functions.truncate(functions);
        self.variables.truncate(variables);
    }

    /// Looks at the keys of patterns, then at what they bind variables for.
    fn with(&mut self, patterns: &'a [Pattern], look: impl FnOnce(&mut Self)) {
        let mut keys = Vec::new();
        for pattern in patterns {
            pattern.expressions(&mut keys);
        }
        for key in keys {
            self.expression(key);
        }
        let before = self.variables.len();
        for pattern in patterns {
            pattern.variables(&mut self.variables);
        }
        look(self);
        self.variables.truncate(before);
    }

    fn is_known(&mut self, name: &str, arguments: usize) -> bool {
        let own = self.functions.iter_mut().rfind(|(known, count, _)| *known == name && *count == arguments);
        if let Some((_, _, is_called)) = own {
            *is_called = true;
            return true;
        }
        is_builtin(name, arguments)
    }

    /// Whether a difference was meant as the name of a field with a hyphen in it: `.a-b`.
    fn is_hyphen(&mut self, left: &Expression, right: &Expression) -> bool {
        let Kind::Index(_, key) = &left.kind else { return false };
        let Kind::Call(name, arguments) = &right.kind else { return false };
        let touches = left.range.end + 1 == right.range.start && key.range.end == left.range.end;
        let Some(field) = key.constant().filter(|_| touches && arguments.is_empty()) else { return false };
        let is_known = self.is_known(name, 0);
        let mistake = Mistake::new(key.range.start..right.range.end, format!("`{field}` minus `{name}`"))
            .help(format!("write `.\"{field}-{name}\"` for a field with a hyphen, or blanks around `-`"));
        self.add(if is_known { mistake.later() } else { mistake });
        true
    }

    fn call(&mut self, whole: &Expression, name: &str, arguments: usize) {
        if self.is_known(name, arguments) {
            return;
        }
        let range = whole.range.start..whole.range.start + name.len();
        let shown = match arguments {
            0 => format!("`{name}`"),
            1 => format!("`{name}` with one argument"),
            _ => format!("`{name}` with {arguments} arguments"),
        };
        if let Some((_, version)) = LATER.iter().find(|(later, _)| *later == format!("{name}/{arguments}")) {
            self.add(
                Mistake::new(range, format!("{shown} needs jq {version}"))
                    .help("Firehose runs jq 1.6: write it with functions of that version"),
            );
            return;
        }
        let own = self.functions.iter().map(|(name, count, _)| (*name, count.to_string()));
        let known = BUILTINS.split_whitespace().filter_map(|known| known.split_once('/'));
        let all: Vec<(&str, String)> = own.chain(known.map(|(name, count)| (name, count.to_owned()))).collect();
        let mut counts: Vec<&str> =
            all.iter().filter(|(other, _)| *other == name).map(|(_, count)| count.as_str()).collect();
        counts.dedup();
        let help = if !counts.is_empty() {
            match counts.as_slice() {
                ["0"] => format!("`{name}` takes no argument"),
                ["1"] => format!("`{name}` takes one argument"),
                _ => format!("`{name}` takes {} arguments", counts.join(" or ")),
            }
        } else if let Some(close) = closest(name, all.iter().map(|(name, _)| *name)) {
            format!("did you mean `{close}`?")
        } else if self.variables.contains(&name) {
            format!("write `${name}`")
        } else if arguments == 0 {
            format!("write `.{name}` for a field, `\"{name}\"` for a text")
        } else {
            "write it with functions that jq 1.6 has, or define it with `def`".to_owned()
        };
        self.add(Mistake::new(range, format!("no function {shown}")).help(help));
    }

    fn variable(&mut self, whole: &Expression, name: &str) {
        if self.variables.contains(&name) || VARIABLES.contains(&name) {
            return;
        }
        let help = closest(name, self.variables.iter().copied()).map_or_else(
            || "name it with `… as $name | …` before".to_owned(),
            |known| format!("did you mean `${known}`?"),
        );
        self.add(Mistake::new(whole.range.clone(), format!("no variable `${name}`")).help(help));
    }
}
