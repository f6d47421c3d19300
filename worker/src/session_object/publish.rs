//! Telling the index of live sessions what is in the outbox.

use std::rc::Rc;

use samewire_core::time::Millis;

use super::inner::Inner;
use crate::index;
use crate::platform;
use crate::store::Store;

/// When the index is told again that could not be, or did not say that it was.
const TELL_AGAIN: Millis = Millis::from_secs(5);

/// When it is told at last, should this object die before it was. A session that is alive has an alarm
/// before that anyway, so nothing is set for it.
const TOLD_AT_LAST: Millis = Millis::from_secs(60);

impl Inner {
    /// Tells the index, beside the event that changed something.
    pub(super) fn publish(self: &Rc<Self>) {
        let waits = self.tell_at.get().is_some_and(|at| at > platform::now());
        if waits || !self.outbox.borrow().pending || self.telling.replace(true) {
            return;
        }
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            inner.tell_index().await;
            inner.telling.set(false);
            // It may be that nothing is left, or that the alarm was for this.
            Box::pin(inner.settle()).await;
        });
    }

    async fn tell_index(&self) {
        loop {
            let news = {
                let outbox = self.outbox.borrow();
                outbox.news.clone().filter(|_| outbox.pending)
            };
            let Some(news) = news else { return };
            if let Err(error) = index::tell(&self.env, &news).await {
                tracing::warn!(%error, "the index of live sessions could not be told; it will be");
                return self.tell_at.set(Some(platform::now() + TELL_AGAIN));
            }
            self.tell_at.set(None);
            let mut outbox = self.outbox.borrow_mut();
            if outbox.acknowledged(&news)
                && let Err(error) = Store::of(&self.state).set_outbox(&outbox)
            {
                // Told twice is as good as told once.
                tracing::warn!(%error, "it could not be stored that the index was told");
            }
        }
    }

    /// When the alarm is to see to it that the index is told, should this object die before it was.
    pub(super) fn told_again(&self, now: Millis) -> Option<Millis> {
        let pending = self.outbox.borrow().pending;
        pending.then(|| self.tell_at.get().unwrap_or(now + TOLD_AT_LAST))
    }
}
