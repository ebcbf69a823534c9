//! Findings for people: source lines with the place underlined, as rustc shows them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::source::{FileId, Sources, Span};

/// How text output looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// Columns at which long source lines are cut.
    pub width: usize,
}

/// One finding as text, ending in a line feed.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code.name));
    let primary = diagnostic.span.file;
    let mut files: Vec<FileId> = vec![primary];
    for related in &diagnostic.related {
        if !files.contains(&related.span.file) {
            files.push(related.span.file);
        }
    }
    for file in files {
        let source = sources.get(file);
        let mut snippet = Snippet::source(&source.text).path(&source.name).fold(true);
        if file == primary {
            let span = visible(diagnostic.span, &source.text);
            snippet = snippet.annotation(AnnotationKind::Primary.span(span).label(diagnostic.label.as_deref()));
        }
        for related in diagnostic.related.iter().filter(|related| related.span.file == file) {
            let span = visible(related.span, &source.text);
            snippet = snippet.annotation(AnnotationKind::Context.span(span).label(related.message.as_str()));
        }
        group = group.element(snippet);
    }
    if let Some(path) = &diagnostic.path {
        group = group.element(Level::NOTE.message(format!("in the template at {path}")));
    }
    let help = match (&diagnostic.help, &diagnostic.fix) {
        (Some(help), Some(_)) => Some(format!("{help} [fixable]")),
        (Some(help), None) => Some(help.clone()),
        (None, fix) => fix.as_ref().map(|fix| format!("{} [fixable]", fix.title)),
    };
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.term_width(style.width).render(&[group]);
    text.push_str("\n\n");
    text
}

/// The range on characters and inside the text, so that any range can be drawn.
fn visible(span: Span, text: &str) -> std::ops::Range<usize> {
    let clamp = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    clamp(span.start as usize)..clamp(span.end as usize)
}
