//! A queue as the event source of a function.

use super::Queue;
use crate::blueprint::text::Setting;
use crate::kinds::{Feed, Place, Scope};
use crate::source::Span;

codes! {
    /// Messages of a queue come back while a function still works on them.
    ///
    /// The visibility timeout of the queue is shorter than the timeout of the function. Lambda refuses such a queue as an
    /// event source. Without `visibility_timeout_seconds` the queue has 30 seconds.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     dead_letters: { after: 5 }
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     timeout_seconds: 60
    ///     event_sources: [{ from: work }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///     dead_letters: { after: 5 }
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     timeout_seconds: 60
    ///     event_sources: [{ from: work }]
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
    SHORT = Error "short-visibility-timeout";

    /// Messages of a queue may come back before Lambda could try again to hand them to a function.
    ///
    /// The visibility timeout of the queue should be six times the timeout of the function. Else messages that wait while
    /// the function is throttled are taken twice, and come among the dead letters though nothing failed.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 60
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     timeout_seconds: 60
    ///     event_sources: [{ from: work }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     timeout_seconds: 60
    ///     event_sources: [{ from: work }]
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
    TIGHT = Warning "tight-visibility-timeout";

    /// Lambda does not take batches of this size, or gather them like this, from a queue.
    ///
    /// More than 10 messages need a window of a second or more, in which Lambda gathers them. A FIFO queue has neither: at
    /// most 10 messages, and no window.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources: [{ from: work, batch_size: 100 }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources: [{ from: work, batch_size: 100, window_seconds: 5 }]
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Lambda parameters for Amazon SQS event source mappings"; Lambda API,
    /// `CreateEventSourceMapping`, `BatchSize`.
    BATCH = Error "invalid-queue-batch";
}

/// Source: SQS API, `CreateQueue`, `VisibilityTimeout`.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 30;

/// Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
const TIMEOUTS: u32 = 6;

/// The greatest batch of a FIFO queue, and of any queue without a window. Source: Lambda Developer Guide, "Lambda
/// parameters for Amazon SQS event source mappings"; Lambda API, `CreateEventSourceMapping`, `BatchSize`.
const MAX_BATCH_WITHOUT_WINDOW: u32 = 10;

impl Queue {
    /// Reports what keeps Lambda from feeding a function with this queue; `at` is where that is asked for.
    pub(super) fn check_feed(&self, feed: &Feed, at: Span, place: &Place, scope: &Scope) {
        self.check_visibility(feed, at, place, scope);
        if let Some(size) = feed.batch_size.as_ref().filter(|size| size.value > MAX_BATCH_WITHOUT_WINDOW) {
            let message = if self.fifo {
                format!("{} messages, at most {MAX_BATCH_WITHOUT_WINDOW} of a FIFO queue", size.value)
            } else {
                format!("{} messages, at most {MAX_BATCH_WITHOUT_WINDOW} without a window", size.value)
            };
            if self.fifo {
                scope
                    .sink()
                    .report(&BATCH, size.span(), message)
                    .also(place.origin.span(), "this queue")
                    .help(format!("write {MAX_BATCH_WITHOUT_WINDOW} or less"));
            } else if feed.window_seconds.as_ref().is_some_and(|window| window.value == 0) {
                scope
                    .sink()
                    .report(&BATCH, size.span(), message)
                    .help("add `window_seconds: 1` or more, in which Lambda gathers them");
            }
        }
        if let Some(window) = feed.window_seconds.as_ref().filter(|window| self.fifo && window.value > 0) {
            scope
                .sink()
                .report(&BATCH, window.span(), "Lambda gathers no messages of a FIFO queue")
                .also(place.origin.span(), "this queue")
                .help("remove `window_seconds`");
        }
    }

    fn check_visibility(&self, feed: &Feed, at: Span, place: &Place, scope: &Scope) {
        let (Some(timeout), Some(visibility)) = (&feed.timeout_seconds, self.visibility_seconds()) else { return };
        let wanted = timeout.value.saturating_mul(TIMEOUTS);
        let (code, message) = if visibility < timeout.value {
            let message = format!(
                "messages of `{}` are hidden for {visibility} seconds, a run of this function may take {}",
                place.name, timeout.value
            );
            (&SHORT, message)
        } else if visibility < wanted {
            let message = format!(
                "messages of `{}` are hidden for {visibility} seconds, {TIMEOUTS} times the timeout would be {wanted}",
                place.name
            );
            (&TIGHT, message)
        } else {
            return;
        };
        let mut sink = scope.sink();
        let queue = self.visibility_timeout_seconds.as_ref().map_or(place.origin.span(), Setting::span);
        let found = sink.report(code, at, message).also(queue, "the queue");
        let found = match timeout.place() {
            Some(span) => found.also(span, "the timeout of the function"),
            None => found,
        };
        let field = if place.only.is_some() { "VisibilityTimeout" } else { "visibility_timeout_seconds" };
        found.help(format!("write `{field}: {wanted}` for `{}`", place.name));
    }

    /// Seconds for which a message is hidden, if that is known.
    fn visibility_seconds(&self) -> Option<u32> {
        match &self.visibility_timeout_seconds {
            None => Some(VISIBILITY_TIMEOUT_SECONDS),
            Some(setting) => setting.known().copied(),
        }
    }
}
