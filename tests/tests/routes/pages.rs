//! What comes from outside: customers on pages, and webhooks, each on the path of its own gateway.

use paymux::{Answer, Delivery, Inquiry, PaymentRef};
use paymux_conformance::End;

use super::shop::{Shop, alive};

impl Shop<'_> {
    /// A customer on a page pays, gives up, or leaves it open.
    pub(super) async fn visit(&mut self, answer: &Answer) {
        let end = match self.random.u8(0..6) {
            0..=2 => End::Approved,
            3 => End::Declined,
            _ => return,
        };
        let gateway = answer.payment.reference.gateway();
        let stand = self.world.stands.iter().find(|stand| stand.name == gateway).unwrap();
        self.sum.visits += u32::from(stand.subject.settle.settle(answer, end).await);
    }

    /// The page of an attempt is closed by the application.
    pub(super) async fn close(&mut self, payment: &PaymentRef, calm: bool) {
        let process = self.running(calm);
        let closed = alive(&process, process.router.close_page(payment)).await;
        if closed.is_some() {
            self.process = Some(process);
        }
    }

    /// Webhooks: some come twice, some never.
    pub(super) async fn mail(&mut self, calm: bool) {
        let process = self.running(calm);
        for (stand, gateway) in self.world.stands.iter().zip(&process.bare) {
            for webhook in stand.provider.webhooks() {
                let times = self.random.u8(0..4).min(2);
                let delivery = Delivery::from(webhook.request);
                let Ok(event) = gateway.receive(&delivery) else {
                    continue;
                };
                for _ in 0..times {
                    self.sum.events += 1;
                    if alive(&process, process.journal.absorb(gateway.as_ref(), &event))
                        .await
                        .is_none()
                    {
                        return;
                    }
                }
            }
        }
        self.process = Some(process);
    }

    /// Asks by the attempt's name, which leads to the gateway of its leg.
    pub(super) async fn inquire(&mut self, calm: bool) {
        let reference = format!("{}a{}", self.order, self.attempt);
        let all = self.world.kept.all().await;
        let own = all.iter().filter(|intent| intent.key.reference.as_str() == reference);
        let taker = own.clone().find(|intent| intent.takes_order());
        let expected = taker.map(|taker| taker.gateway.clone());
        let process = self.running(calm);
        let members = self.world.members(process.version);
        let inquiry = Inquiry::Reference(reference.parse().unwrap());
        let Some(result) = alive(&process, process.router.inquire(inquiry)).await else {
            return;
        };
        if let (Ok(answer), Some(expected)) = (&result, &expected)
            && (answer.payment.reference.gateway() != expected || !members.contains(&expected.as_str()))
        {
            let at = answer.payment.reference.gateway();
            self.wrong
                .push(format!("{reference} is at {expected}, and {at} was asked"));
        }
        self.process = Some(process);
    }
}
