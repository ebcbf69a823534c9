//! The names in expressions, and what types follow from them.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    OneOrManyWithParens, Subscript, Value, WindowSpec, WindowType,
};

use super::resolve::{Resolver, Scope, Source, folded};
use super::{Column, Flavor, Type};

/// Functions without arguments that are written without brackets, and look like columns.
///
/// Source: Trino, "Date and time functions and operators", "Session information"; Redshift, "System information functions".
const WITHOUT_BRACKETS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_path",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "sysdate",
    "user",
];

/// Functions of Redshift whose first argument is a unit of time, not a column.
///
/// Source: Amazon Redshift Database Developer Guide, "Date and time functions".
const WITH_UNIT: &[&str] = &["dateadd", "datediff", "date_part", "datepart", "timestampadd", "timestampdiff"];

fn plain(name: &str) -> Type {
    Type::Plain(name.to_owned())
}

impl Resolver<'_> {
    /// Looks up the names in some expressions.
    pub fn check_all<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) {
        for one in all {
            self.check(one, scope);
        }
    }

    /// Looks up the names in an expression.
    pub fn check(&mut self, expr: &Expr, scope: &Scope<'_>) {
        self.kind(expr, scope);
    }

    /// The type of an expression, as far as it follows from columns and casts; names are looked up on the way.
    pub fn kind(&mut self, expr: &Expr, scope: &Scope<'_>) -> Type {
        match expr {
            Expr::Identifier(ident) => {
                if ident.quote_style.is_none() && WITHOUT_BRACKETS.contains(&folded(ident).as_str()) {
                    return Type::Unknown;
                }
                self.column(ident, scope)
            }
            Expr::CompoundIdentifier(idents) => self.path(idents, scope),
            Expr::CompoundFieldAccess { root, access_chain } => {
                let mut kind = self.kind(root, scope);
                for access in access_chain {
                    kind = match access {
                        AccessExpr::Dot(Expr::Identifier(field)) => self.fields(kind, std::slice::from_ref(field)),
                        AccessExpr::Dot(_) => Type::Unknown,
                        AccessExpr::Subscript(Subscript::Index { index }) => {
                            self.check(index, scope);
                            match kind {
                                Type::Array(inner) => *inner,
                                Type::Map(_, value) => *value,
                                _ => Type::Unknown,
                            }
                        }
                        AccessExpr::Subscript(_) => kind,
                    };
                }
                kind
            }
            // Of a chain of operators the first is the innermost. Long chains must not need much stack.
            Expr::BinaryOp { .. } => {
                let mut left = expr;
                let mut kinds = Vec::new();
                while let Expr::BinaryOp { left: inner, op, right } = left {
                    kinds.push((op, self.kind(right, scope)));
                    left = inner;
                }
                let first = self.kind(left, scope);
                match self.flavor {
                    Flavor::Athena => Type::Unknown,
                    Flavor::Redshift => {
                        kinds.into_iter().rev().fold(first, |kind, (op, right)| combined(&kind, op, &right))
                    }
                }
            }
            Expr::Nested(inner) => self.kind(inner, scope),
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(_) => plain("varchar"),
                Value::Boolean(_) => plain("boolean"),
                _ => Type::Unknown,
            },
            Expr::Cast { expr, data_type, .. } => {
                self.check(expr, scope);
                let name = data_type.to_string().to_lowercase();
                match self.flavor {
                    Flavor::Athena => Type::of_presto(&name).unwrap_or_default(),
                    Flavor::Redshift => Type::of_redshift(&name),
                }
            }
            Expr::Function(function) => {
                let name = function.name.0.last().and_then(|part| part.as_ident()).map(folded).unwrap_or_default();
                let skip = usize::from(self.flavor == Flavor::Redshift && WITH_UNIT.contains(&name.as_str()));
                let first = self.arguments(&function.args, skip, scope);
                self.arguments(&function.parameters, 0, scope);
                self.check_all(function.within_group.iter().map(|one| &one.expr), scope);
                self.check_all(function.filter.as_deref(), scope);
                if let Some(WindowType::WindowSpec(spec)) = &function.over {
                    self.window(spec, scope);
                }
                match name.as_str() {
                    "avg" | "sum" | "coalesce" | "max" | "min" | "nullif" | "nvl"
                        if self.flavor == Flavor::Redshift =>
                    {
                        aggregated(&name, first)
                    }
                    "count" | "cardinality" | "length" | "row_number" | "rank" => plain("bigint"),
                    "from_iso8601_date" => plain("date"),
                    "concat_ws" | "date_format" | "json_extract_scalar" | "lower" | "upper" => plain("varchar"),
                    _ => Type::Unknown,
                }
            }
            Expr::Lambda(lambda) => {
                let parameter = |name: &Ident| Column { name: folded(name), kind: Type::Unknown };
                let columns = match &lambda.params {
                    OneOrManyWithParens::One(one) => vec![parameter(&one.name)],
                    OneOrManyWithParens::Many(all) => all.iter().map(|one| parameter(&one.name)).collect(),
                };
                let sources = [Source { names: Vec::new(), columns: Some(columns) }];
                self.check(&lambda.body, &Scope { sources: &sources, outer: Some(scope) });
                Type::Unknown
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.check_all(operand.as_deref(), scope);
                for when in conditions {
                    self.check(&when.condition, scope);
                    self.check(&when.result, scope);
                }
                self.check_all(else_result.as_deref(), scope);
                Type::Unknown
            }
            Expr::InSubquery { expr, subquery, .. } => {
                self.check(expr, scope);
                self.query(subquery, Some(scope));
                plain("boolean")
            }
            Expr::Exists { subquery, .. } => {
                self.query(subquery, Some(scope));
                plain("boolean")
            }
            Expr::Subquery(subquery) => {
                let output = self.query(subquery, Some(scope));
                match output.as_deref() {
                    Some([one]) => one.kind.clone(),
                    _ => Type::Unknown,
                }
            }
            _ => {
                self.check_all(parts(expr), scope);
                Type::Unknown
            }
        }
    }

    /// Looks up the names in the arguments of a function; gives the type of the first.
    fn arguments(&mut self, arguments: &FunctionArguments, skip: usize, scope: &Scope<'_>) -> Type {
        let mut first = None;
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                self.query(query, Some(scope));
            }
            FunctionArguments::List(list) => {
                for argument in list.args.iter().skip(skip) {
                    let (FunctionArg::Named { arg, .. }
                    | FunctionArg::ExprNamed { arg, .. }
                    | FunctionArg::Unnamed(arg)) = argument;
                    if let FunctionArgExpr::Expr(expr) = arg {
                        let kind = self.kind(expr, scope);
                        first.get_or_insert(kind);
                    }
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(all) => self.check_all(all.iter().map(|one| &one.expr), scope),
                        FunctionArgumentClause::Where(expr) | FunctionArgumentClause::Limit(expr) => {
                            self.check(expr, scope);
                        }
                        _ => {}
                    }
                }
            }
        }
        first.unwrap_or_default()
    }

    /// Looks up the names in what stands after `OVER`.
    pub fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) {
        self.check_all(&spec.partition_by, scope);
        self.check_all(spec.order_by.iter().map(|one| &one.expr), scope);
    }
}

/// Whether values of a type are approximate.
fn is_float(kind: &Type) -> bool {
    matches!(kind, Type::Plain(name) if name == "double" || name == "real")
}

/// The type of what a function of Redshift makes of values of a type.
///
/// Source: Redshift Database Developer Guide, "SUM function", "AVG function", "MAX function", "COALESCE expression".
fn aggregated(function: &str, of: Type) -> Type {
    match function {
        "avg" | "sum" if is_float(&of) => plain("double"),
        "sum" if matches!(&of, Type::Plain(name) if name == "integer" || name == "smallint") => plain("bigint"),
        "sum" if of == plain("bigint") => plain("decimal(38,0)"),
        "avg" | "sum" => Type::Unknown,
        _ => of,
    }
}

/// The type of what an operator makes of two values, in Redshift.
fn combined(left: &Type, operator: &BinaryOperator, right: &Type) -> Type {
    use BinaryOperator::{And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Multiply, NotEq, Or, Plus};
    match operator {
        And | Eq | Gt | GtEq | Lt | LtEq | NotEq | Or => plain("boolean"),
        Divide | Minus | Multiply | Plus if is_float(left) || is_float(right) => plain("double"),
        _ => Type::Unknown,
    }
}

/// The expressions inside of an expression that gives no names of its own.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::IsFalse(one)
        | Expr::IsNotFalse(one)
        | Expr::IsTrue(one)
        | Expr::IsNotTrue(one)
        | Expr::IsNull(one)
        | Expr::IsNotNull(one)
        | Expr::IsUnknown(one)
        | Expr::IsNotUnknown(one)
        | Expr::UnaryOp { expr: one, .. }
        | Expr::Extract { expr: one, .. }
        | Expr::Ceil { expr: one, .. }
        | Expr::Floor { expr: one, .. }
        | Expr::Collate { expr: one, .. }
        | Expr::Convert { expr: one, .. }
        | Expr::Trim { expr: one, .. } => vec![one],
        Expr::IsDistinctFrom(one, other)
        | Expr::IsNotDistinctFrom(one, other)
        | Expr::AnyOp { left: one, right: other, .. }
        | Expr::AllOp { left: one, right: other, .. }
        | Expr::Like { expr: one, pattern: other, .. }
        | Expr::ILike { expr: one, pattern: other, .. }
        | Expr::SimilarTo { expr: one, pattern: other, .. }
        | Expr::RLike { expr: one, pattern: other, .. }
        | Expr::InUnnest { expr: one, array_expr: other, .. }
        | Expr::AtTimeZone { timestamp: one, time_zone: other }
        | Expr::Position { expr: one, r#in: other } => vec![one, other],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(expr.as_ref()).chain(list).collect(),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            std::iter::once(expr).chain(substring_from).chain(substring_for).map(AsRef::as_ref).collect()
        }
        Expr::Tuple(all) => all.iter().collect(),
        Expr::GroupingSets(all) | Expr::Cube(all) | Expr::Rollup(all) => all.iter().flatten().collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Interval(interval) => vec![&interval.value],
        _ => Vec::new(),
    }
}
