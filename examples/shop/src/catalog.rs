//! What there is to buy.

use paymux::{Currency, Money};

/// A thing with a price.
#[derive(Debug)]
pub(crate) struct Product {
    /// The article number, in addresses and in what the provider is told.
    pub(crate) sku: &'static str,
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
    minor: i64,
    /// The picture, as a path of SVG on a square of 24.
    pub(crate) drawing: &'static str,
}

impl Product {
    /// The price. Money is integers of minor units from here to the wire.
    pub(crate) const fn price(&self) -> Money {
        Money::new(self.minor, Currency::EUR)
    }
}

/// Everything that is sold.
pub(crate) const PRODUCTS: [Product; 4] = [
    Product {
        sku: "notebook",
        name: "Field notebook",
        words: "Ninety-six dotted pages, thread-bound, lies flat.",
        minor: 1250,
        drawing: "M7 3h11a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H7zM7 3a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2M10 8h6M10 12h6",
    },
    Product {
        sku: "mug",
        name: "Enamel mug",
        words: "Holds a third of a litre and survives being dropped.",
        minor: 1800,
        drawing: "M4 6h12v11a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3zM16 9h2a3 3 0 0 1 0 6h-2M7 3v1M10 2v2M13 3v1",
    },
    Product {
        sku: "lamp",
        name: "Desk lamp",
        words: "Warm light, a brass arm, one switch and no app.",
        minor: 6490,
        drawing: "M6 21h10M11 21V13M11 13l5-7M13 3l7 5-5 1zM8 21v-1h6v1",
    },
    Product {
        sku: "blanket",
        name: "Wool blanket",
        words: "Woven from undyed wool, for two people and one dog.",
        minor: 11900,
        drawing: "M4 5h16v14H4zM4 9h16M4 15h16M8 5v14M16 5v14M6 19v2M12 19v2M18 19v2",
    },
];

/// The product of an article number.
pub(crate) fn product(sku: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.sku == sku)
}
