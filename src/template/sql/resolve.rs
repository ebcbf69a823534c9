//! What the names in a query mean: tables, common table expressions, columns of what stands in `FROM`.

use std::ops::Range;

use sqlparser::ast::{
    self, Cte, GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, OrderByKind, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Spanned, TableAlias, TableFactor, TableWithJoins,
};

use super::{Column, Flavor, HOLE, Lookup, Output, Places, Query, TableName, Type, What};

/// Something in `FROM`.
#[derive(Clone, Debug)]
pub struct Source {
    /// The names by which columns of it may be qualified: the alias, or the parts of the table.
    pub names: Vec<String>,
    /// Its columns; `None` where they are not known.
    pub columns: Option<Vec<Column>>,
}

/// What names may mean inside of one `SELECT`, and around it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub sources: &'a [Source],
    pub outer: Option<&'a Scope<'a>>,
}

/// Common table expressions that are seen.
#[derive(Clone, Debug, Default)]
struct Named(Vec<(String, Option<Vec<Column>>)>);

/// Reads a query.
pub struct Resolver<'a> {
    pub flavor: Flavor,
    places: &'a Places<'a>,
    tables: &'a dyn Fn(&TableName) -> Lookup,
    found: &'a mut Query,
    named: Named,
}

/// Looks up names; what is found goes into `found`.
pub fn with<T>(
    flavor: Flavor,
    places: &Places<'_>,
    tables: &dyn Fn(&TableName) -> Lookup,
    found: &mut Query,
    act: impl FnOnce(&mut Resolver<'_>) -> T,
) -> T {
    act(&mut Resolver { flavor, places, tables, found, named: Named::default() })
}

/// A name as names are compared: letters are folded even in quotes.
///
/// Source: Athena User Guide, "Name databases, tables, and columns"; Trino, "Identifiers".
pub fn folded(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

/// Columns that tables of Redshift have beside their own, as those of `PostgreSQL`.
const HIDDEN: &[&str] = &["cmax", "cmin", "ctid", "deletexid", "insertxid", "oid", "tableoid", "xmax", "xmin"];

/// Whether nothing can be said about a name.
pub fn is_open(name: &str) -> bool {
    // Hidden columns such as `"$path"` are there without being listed.
    name.contains(HOLE) || name.starts_with('$') || HIDDEN.contains(&name.to_lowercase().as_str())
}

/// The columns that others see of a result.
pub fn columns(flavor: Flavor, output: Option<&[Output]>) -> Option<Vec<Column>> {
    let column = |one: &Output| {
        let name = match flavor {
            Flavor::Athena => one.name.clone().unwrap_or_default(),
            // Redshift gives columns names of its own.
            Flavor::Redshift => one.name.clone()?,
        };
        Some(Column { name, kind: one.kind.clone() })
    };
    output?.iter().map(column).collect()
}

impl Resolver<'_> {
    pub fn problem(&mut self, range: Range<usize>, what: What) {
        self.found.report(range, what);
    }

    pub fn range(&self, span: sqlparser::tokenizer::Span) -> Range<usize> {
        self.places.range(span)
    }

    /// The columns that a query gives.
    pub fn query(&mut self, query: &ast::Query, outer: Option<&Scope<'_>>) -> Option<Vec<Output>> {
        let before = self.named.0.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                self.with(cte, with.recursive, outer);
            }
        }
        let mut inside = Vec::new();
        let output = self.body(&query.body, outer, &mut inside);
        if let Some(order) = &query.order_by
            && let OrderByKind::Expressions(all) = &order.kind
        {
            // What is sorted by may be a column of the result or of what is read.
            inside.push(Source { names: Vec::new(), columns: columns(self.flavor, output.as_deref()) });
            let scope = Scope { sources: &inside, outer };
            self.check_all(all.iter().map(|one| &one.expr), &scope);
        }
        if let Some(LimitClause::LimitOffset { limit: Some(limit), .. }) = &query.limit_clause {
            self.check(limit, &Scope { sources: &[], outer: None });
        }
        self.named.0.truncate(before);
        output
    }

    fn with(&mut self, cte: &Cte, recursive: bool, outer: Option<&Scope<'_>>) {
        let name = folded(&cte.alias.name);
        let at = self.named.0.len();
        if recursive {
            self.named.0.push((name.clone(), None));
        }
        let output = self.query(&cte.query, outer);
        let columns = self.renamed(columns(self.flavor, output.as_deref()), &cte.alias);
        self.named.0.truncate(at);
        self.named.0.push((name, columns));
    }

    /// The columns of something under the names that its alias gives them.
    fn renamed(&mut self, columns: Option<Vec<Column>>, alias: &TableAlias) -> Option<Vec<Column>> {
        if alias.columns.is_empty() {
            return columns;
        }
        let names: Vec<String> = alias.columns.iter().map(|column| folded(&column.name)).collect();
        let Some(columns) = columns else {
            return Some(names.into_iter().map(|name| Column { name, kind: Type::Unknown }).collect());
        };
        if columns.len() != names.len() {
            let first = alias.columns.first().map_or(alias.name.span, |column| column.name.span);
            let last = alias.columns.last().map_or(alias.name.span, |column| column.name.span);
            let range = self.range(first).start..self.range(last).end;
            self.problem(range, What::Names { given: names.len(), columns: columns.len() });
            return None;
        }
        Some(names.into_iter().zip(columns).map(|(name, column)| Column { name, ..column }).collect())
    }

    fn body(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>, inside: &mut Vec<Source>) -> Option<Vec<Output>> {
        match body {
            SetExpr::Select(select) => self.select(select, outer, inside),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { left, right, .. } => {
                let first = self.body(left, outer, &mut Vec::new());
                let second = self.body(right, outer, &mut Vec::new());
                if let (Some(first), Some(second)) = (&first, &second)
                    && first.len() != second.len()
                {
                    let range = second.first().map_or(0..0, |one| one.range.clone());
                    self.problem(range, What::Sides(first.len(), second.len()));
                }
                first
            }
            SetExpr::Values(values) => {
                let scope = Scope { sources: &[], outer };
                self.check_all(values.rows.iter().flat_map(|row| &row.content), &scope);
                None
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) | SetExpr::Table(_) => {
                None
            }
        }
    }

    fn select(&mut self, select: &Select, outer: Option<&Scope<'_>>, inside: &mut Vec<Source>) -> Option<Vec<Output>> {
        let mut merged = false;
        for one in &select.from {
            self.from(one, outer, inside, &mut merged);
        }
        if !select.lateral_views.is_empty() {
            // Athena has none; Hive's names are not looked up.
            inside.push(Source { names: Vec::new(), columns: None });
        }
        let sources = inside.clone();
        // In Redshift what is selected may name what is selected before it.
        let before = match self.flavor {
            Flavor::Athena => Vec::new(),
            Flavor::Redshift => vec![Source { names: Vec::new(), columns: Some(aliases(select)) }],
        };
        let scope = Scope { sources: &sources, outer: Some(&Scope { sources: &before, outer }) };
        let mut output = Some(Vec::new());
        for item in &select.projection {
            let given = self.item(item, &scope, merged);
            output = output.zip(given).map(|(mut all, mut given)| {
                all.append(&mut given);
                all
            });
        }
        let mut sources = sources;
        if self.flavor == Flavor::Redshift {
            // Redshift lets everything name what is selected; by names of its own, only what comes after grouping.
            let named = |one: &Output| Some(Column { name: one.name.clone()?, kind: one.kind.clone() });
            let columns = output.as_ref().map(|all| all.iter().filter_map(named).collect());
            sources.push(Source { names: Vec::new(), columns });
        }
        self.check_all(&select.selection, &Scope { sources: &sources, outer });
        if self.flavor == Flavor::Redshift {
            sources.push(Source { names: Vec::new(), columns: columns(self.flavor, output.as_deref()) });
        }
        let scope = Scope { sources: &sources, outer };
        self.check_all(select.having.iter().chain(&select.qualify), &scope);
        if let GroupByExpr::Expressions(all, _) = &select.group_by {
            self.check_all(all, &scope);
        }
        for window in &select.named_window {
            if let ast::NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, &scope);
            }
        }
        output
    }

    /// What an item of a `SELECT` gives.
    fn item(&mut self, item: &SelectItem, scope: &Scope<'_>, merged: bool) -> Option<Vec<Output>> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let kind = self.kind(expr, scope);
                let name = match expr {
                    ast::Expr::Identifier(name) => Some(folded(name)),
                    ast::Expr::CompoundIdentifier(names) => names.last().map(folded),
                    _ => None,
                };
                Some(vec![Output { name, kind, range: self.range(expr.span()) }])
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let kind = self.kind(expr, scope);
                Some(vec![Output { name: Some(folded(alias)), kind, range: self.range(alias.span) }])
            }
            SelectItem::Wildcard(options) => {
                let all: Option<Vec<&Vec<Column>>> =
                    scope.sources.iter().map(|source| source.columns.as_ref()).collect();
                let is_plain = options.opt_except.is_none()
                    && options.opt_exclude.is_none()
                    && options.opt_replace.is_none()
                    && options.opt_rename.is_none()
                    && options.opt_ilike.is_none();
                // Columns that `USING` merges are there once.
                let range = self.range(options.wildcard_token.0.span);
                let all = all.filter(|_| is_plain && !merged)?;
                Some(all.into_iter().flatten().map(|column| given(column, &range)).collect())
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let parts: Vec<&Ident> = name.0.iter().filter_map(ast::ObjectNamePart::as_ident).collect();
                let last = parts.last()?;
                let wanted = folded(last);
                let mut at = Some(scope);
                while let Some(scope) = at {
                    let source = scope.sources.iter().find(|source| source.names.last() == Some(&wanted));
                    if let Some(source) = source {
                        let range = self.range(last.span);
                        return Some(source.columns.as_ref()?.iter().map(|column| given(column, &range)).collect());
                    }
                    at = scope.outer;
                }
                None
            }
            SelectItem::ExprWithAliases { expr, .. }
            | SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                self.check(expr, scope);
                None
            }
        }
    }

    pub fn from(
        &mut self,
        one: &TableWithJoins,
        outer: Option<&Scope<'_>>,
        inside: &mut Vec<Source>,
        merged: &mut bool,
    ) {
        self.factor(&one.relation, outer, inside);
        for join in &one.joins {
            self.factor(&join.relation, outer, inside);
            let (JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint)) = &join.join_operator
            else {
                continue;
            };
            match constraint {
                JoinConstraint::On(expr) => {
                    let sources = inside.clone();
                    self.check(expr, &Scope { sources: &sources, outer });
                }
                JoinConstraint::Using(names) => {
                    *merged = true;
                    let sources = inside.clone();
                    for ident in names.iter().filter_map(|name| name.0.last()?.as_ident()) {
                        self.column(ident, &Scope { sources: &sources, outer });
                    }
                }
                JoinConstraint::Natural => *merged = true,
                JoinConstraint::None => {}
            }
        }
    }

    pub fn factor(&mut self, factor: &TableFactor, outer: Option<&Scope<'_>>, inside: &mut Vec<Source>) {
        let (alias, mut names, columns) = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let (names, columns) = self.table(name);
                (alias, names, columns)
            }
            TableFactor::Derived { subquery, alias, lateral, .. } => {
                let sources = inside.clone();
                let around = Scope { sources: &sources, outer };
                let output = self.query(subquery, if *lateral { Some(&around) } else { outer });
                (alias, Vec::new(), columns(self.flavor, output.as_deref()))
            }
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, with_offset, .. } => {
                let sources = inside.clone();
                let scope = Scope { sources: &sources, outer };
                let mut columns = Some(Vec::new());
                for expr in array_exprs {
                    let given = unnested(self.kind(expr, &scope));
                    columns = columns.zip(given).map(|(mut all, mut given)| {
                        all.append(&mut given);
                        all
                    });
                }
                if let (Some(all), true) = (&mut columns, *with_ordinality || *with_offset) {
                    all.push(Column { name: "ordinality".to_owned(), kind: Type::Plain("bigint".to_owned()) });
                }
                (alias, Vec::new(), columns)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let mut merged = false;
                self.from(table_with_joins, outer, inside, &mut merged);
                if merged {
                    inside.push(Source { names: Vec::new(), columns: None });
                }
                return;
            }
            TableFactor::Table { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::NestedJoin { alias, .. }
            | TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. }
            | TableFactor::MatchRecognize { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::SemanticView { alias, .. } => (alias, Vec::new(), None),
            TableFactor::UnpivotExpr { .. } => (&None, Vec::new(), None),
        };
        let columns = match alias {
            Some(alias) => {
                names = vec![folded(&alias.name)];
                self.renamed(columns, alias)
            }
            None => columns,
        };
        inside.push(Source { names, columns });
    }

    /// A table or a common table expression: by which names its columns are qualified, and its columns.
    pub fn table(&mut self, name: &ast::ObjectName) -> (Vec<String>, Option<Vec<Column>>) {
        let idents: Vec<&Ident> = name.0.iter().filter_map(ast::ObjectNamePart::as_ident).collect();
        let names: Vec<String> = idents.iter().map(|ident| folded(ident)).collect();
        let Some(last) = idents.last() else { return (names, None) };
        if let [only] = names.as_slice()
            && let Some((_, columns)) = self.named.0.iter().rev().find(|(named, _)| named == only)
        {
            return (names.clone(), columns.clone());
        }
        let range = self.range(last.span);
        let table = TableName { parts: idents.iter().map(|ident| ident.value.clone()).collect(), range: range.clone() };
        let lookup = (self.tables)(&table);
        self.found.tables.push(table);
        let columns = match lookup {
            Lookup::Columns(columns) => Some(columns),
            Lookup::Open => None,
            Lookup::Missing(known) => {
                if !is_open(&last.value) {
                    self.problem(range, What::Table(last.value.clone(), known));
                }
                None
            }
        };
        (names, columns)
    }

    /// The type of the column that a name means; one that nothing has is told.
    pub fn column(&mut self, ident: &Ident, scope: &Scope<'_>) -> Type {
        let name = folded(ident);
        if let Some(kind) = look_up(&name, scope) {
            return kind;
        }
        self.report_column(ident, scope);
        Type::Unknown
    }

    fn report_column(&mut self, ident: &Ident, scope: &Scope<'_>) {
        if is_open(&ident.value) {
            return;
        }
        let scopes = std::iter::successors(Some(scope), |inner| inner.outer);
        let columns = scopes.flat_map(|scope| scope.sources).flat_map(|source| source.columns.iter().flatten());
        let known = columns.map(|column| column.name.clone()).filter(|name| !name.is_empty()).collect();
        let range = self.range(ident.span);
        self.problem(range, What::Column(ident.value.clone(), known));
    }

    /// The type of what names with dots between them mean.
    pub fn path(&mut self, idents: &[Ident], scope: &Scope<'_>) -> Type {
        let Some((first, rest)) = idents.split_first() else { return Type::Unknown };
        // A table or its alias, perhaps with its database before it.
        let mut at = Some(scope);
        while let Some(inner) = at {
            for length in (1..idents.len()).rev() {
                let wanted: Vec<String> = idents[..length].iter().map(folded).collect();
                let Some(source) = inner.sources.iter().find(|source| source.names.ends_with(&wanted)) else {
                    continue;
                };
                let column = &idents[length];
                let Some(columns) = &source.columns else { return Type::Unknown };
                let found = columns.iter().find(|one| one.name == folded(column)).map(|one| one.kind.clone());
                let Some(kind) = found else {
                    // The name may also be that of a column with fields.
                    if let Some(kind) = look_up(&folded(first), scope) {
                        return self.fields(kind, rest);
                    }
                    if !is_open(&column.value) {
                        let known = columns.iter().map(|one| one.name.clone()).collect();
                        let range = self.range(column.span);
                        self.problem(range, What::Column(column.value.clone(), known));
                    }
                    return Type::Unknown;
                };
                return self.fields(kind, &idents[length + 1..]);
            }
            at = inner.outer;
        }
        let kind = self.column(first, scope);
        self.fields(kind, rest)
    }

    /// The type of a field of a field of a value.
    pub fn fields(&mut self, mut kind: Type, names: &[Ident]) -> Type {
        for name in names {
            let Type::Row(fields) = kind else { return Type::Unknown };
            let found = fields.iter().find(|(field, _)| *field == folded(name)).map(|(_, kind)| kind.clone());
            let Some(found) = found else {
                if !is_open(&name.value) {
                    let known = fields.into_iter().map(|(field, _)| field).collect();
                    let range = self.range(name.span);
                    self.problem(range, What::Field(name.value.clone(), known));
                }
                return Type::Unknown;
            };
            kind = found;
        }
        kind
    }
}

/// The names that a `SELECT` gives.
fn aliases(select: &Select) -> Vec<Column> {
    let names = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    });
    names.map(|name| Column { name, kind: Type::Unknown }).collect()
}

fn given(column: &Column, range: &Range<usize>) -> Output {
    Output { name: Some(column.name.clone()), kind: column.kind.clone(), range: range.clone() }
}

/// The type of a column that is in reach; unknown where it may be in something that is not known, and `None` where
/// nothing has it.
fn look_up(name: &str, scope: &Scope<'_>) -> Option<Type> {
    let mut at = Some(scope);
    let mut open = false;
    while let Some(scope) = at {
        for source in scope.sources {
            match &source.columns {
                Some(columns) => {
                    if let Some(column) = columns.iter().find(|column| column.name == name) {
                        return Some(column.kind.clone());
                    }
                }
                None => open = true,
            }
        }
        at = scope.outer;
    }
    open.then_some(Type::Unknown)
}

/// The columns that `UNNEST` makes of a value: those of rows one by one.
///
/// Source: Trino, "SELECT", UNNEST.
fn unnested(kind: Type) -> Option<Vec<Column>> {
    let unnamed = |kind: Type| Column { name: String::new(), kind };
    match kind {
        Type::Array(inner) => Some(match *inner {
            Type::Row(fields) => fields.into_iter().map(|(name, kind)| Column { name, kind }).collect(),
            Type::Unknown => return None,
            other => vec![unnamed(other)],
        }),
        Type::Map(key, value) => Some(vec![unnamed(*key), unnamed(*value)]),
        _ => None,
    }
}
