//! What the names mean in statements that change tables.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, Insert, Merge, MergeAction, MergeUpdateKind, ObjectName,
    Statement, TableFactor, TableObject, Update, UpdateTableFromKind,
};

use super::What;
use super::resolve::{Resolver, Scope, Source};

impl Resolver<'_> {
    /// Looks up the names in a statement; gives whether it is one that is looked into.
    pub fn statement(&mut self, statement: &Statement, outer: Option<&Scope<'_>>) -> bool {
        match statement {
            Statement::Query(query) => {
                self.query(query, outer);
            }
            Statement::Insert(insert) => self.insert(insert, outer),
            Statement::Update(update) => self.update(update, outer),
            Statement::Delete(delete) => self.delete(delete, outer),
            Statement::Merge(merge) => self.merge(merge, outer),
            _ => return false,
        }
        true
    }

    fn insert(&mut self, insert: &Insert, outer: Option<&Scope<'_>>) {
        let TableObject::TableName(name) = &insert.table else { return };
        let (names, columns) = self.table(name);
        let target = [Source { names, columns: columns.clone() }];
        for column in insert.columns.iter().filter_map(|column| column.0.last()?.as_ident()) {
            self.column(column, &Scope { sources: &target, outer: None });
        }
        let Some(source) = &insert.source else { return };
        let Some(output) = self.query(source, outer) else { return };
        let given = if insert.columns.is_empty() { columns.map(|all| all.len()) } else { Some(insert.columns.len()) };
        let Some(given) = given else { return };
        // Without names the columns that are left get their defaults.
        let is_wrong = if insert.columns.is_empty() { output.len() > given } else { output.len() != given };
        if is_wrong && let Some(first) = output.first() {
            self.problem(first.range.clone(), What::Sides(given, output.len()));
        }
    }

    fn update(&mut self, update: &Update, outer: Option<&Scope<'_>>) {
        let mut target = Vec::new();
        self.from(&update.table, outer, &mut target, &mut false);
        let mut sources = target.clone();
        if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
            for one in from {
                self.from(one, outer, &mut sources, &mut false);
            }
        }
        self.assignments(&update.assignments, &target[..target.len().min(1)], &Scope { sources: &sources, outer });
        self.check_all(&update.selection, &Scope { sources: &sources, outer });
    }

    fn assignments(&mut self, all: &[Assignment], target: &[Source], scope: &Scope<'_>) {
        for one in all {
            let names: &[ObjectName] = match &one.target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names,
            };
            for ident in names.iter().filter(|name| name.0.len() == 1).filter_map(|name| name.0.last()?.as_ident()) {
                self.column(ident, &Scope { sources: target, outer: None });
            }
            self.check(&one.value, scope);
        }
    }

    fn delete(&mut self, delete: &Delete, outer: Option<&Scope<'_>>) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let mut sources = Vec::new();
        for one in from.iter().chain(delete.using.iter().flatten()) {
            self.from(one, outer, &mut sources, &mut false);
        }
        self.check_all(&delete.selection, &Scope { sources: &sources, outer });
    }

    fn merge(&mut self, merge: &Merge, outer: Option<&Scope<'_>>) {
        let mut sources = Vec::new();
        self.factor(&merge.table, outer, &mut sources);
        let target = sources.clone();
        let is_plain = matches!(merge.source, TableFactor::Table { .. } | TableFactor::Derived { .. });
        self.factor(&merge.source, outer, &mut sources);
        let scope = Scope { sources: &sources, outer };
        self.check(&merge.on, &scope);
        if !is_plain {
            return;
        }
        for clause in &merge.clauses {
            self.check_all(&clause.predicate, &scope);
            match &clause.action {
                MergeAction::Update(update) => {
                    if let MergeUpdateKind::Set(all) = &update.kind {
                        self.assignments(all, &target, &scope);
                    }
                }
                MergeAction::Insert(insert) => {
                    for ident in insert.columns.iter().filter_map(|name| name.0.last()?.as_ident()) {
                        self.column(ident, &Scope { sources: &target, outer: None });
                    }
                }
                MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
            }
        }
    }
}
