//! A headless Chromium, steered by WebDriver.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// Where Debian's packages put them.
const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
/// When set, a browser that is not there fails the test.
const REQUIRED: &str = "PAYMUX_REQUIRE_BROWSER";
/// How long a page may take to say what it should.
const PATIENCE: Duration = Duration::from_secs(20);

/// A driver's process; it ends with the test, and its browsers with it.
pub(crate) struct Driver {
    process: Child,
    url: String,
}

/// One browser with a profile of its own. Its cookies are nobody else's.
pub(crate) struct Browser {
    client: Client,
}

impl Driver {
    /// Starts the driver. `None` where there is no browser, which is said on standard error.
    pub(crate) fn start() -> Option<Self> {
        if !(Path::new(CHROMIUM).exists() && Path::new(CHROMEDRIVER).exists()) {
            let what = format!(
                "NOT RUN: there is no {CHROMIUM} with {CHROMEDRIVER} (Debian's packages chromium and chromium-driver); the walk through the shop was not taken"
            );
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and: {what}");
            eprintln!("\n=== {what} ===\n");
            return None;
        }
        let mut process = Command::new(CHROMEDRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("successfully on port ")
                    .nth(1)
                    .map(|rest| rest.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        // Whoever writes to a pipe that nobody reads stands still.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Opens a browser.
    pub(crate) async fn browser(&self) -> Browser {
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1200,900",
        ];
        let options = json!({ "binary": CHROMIUM, "args": arguments });
        let capabilities = [("goog:chromeOptions".to_owned(), options)];
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities.into_iter().collect())
            .connect(&self.url)
            .await
            .expect("a browser opens");
        Browser { client }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

impl Browser {
    /// Opens a page.
    pub(crate) async fn open(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// The address of the page that is shown.
    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// Clicks the first element that fits, once it is there.
    pub(crate) async fn click(&self, css: &str) {
        let element = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        let element = match element {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.text().await),
        };
        element.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Writes into a field, over what it holds.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        let element = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        let element = element.unwrap_or_else(|error| panic!("{css}: {error}"));
        element.clear().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        element
            .send_keys(text)
            .await
            .unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Waits until the first element that fits has this text in it.
    pub(crate) async fn sees(&self, css: &str, text: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.text().await.ok(),
                Err(_) => None,
            };
            if seen.as_ref().is_some_and(|seen| seen.contains(text)) {
                return;
            }
            if tokio::time::Instant::now() > until {
                panic!(
                    "{css} says {seen:?}, not {text:?}\n{}\n{}",
                    self.url().await,
                    self.text().await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many elements fit.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client
            .find_all(Locator::Css(css))
            .await
            .map_or(0, |found| found.len())
    }

    /// All that the page says.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// An attribute of the first element that fits, once it is there.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> String {
        let element = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        let element = element.unwrap_or_else(|error| panic!("{css}: {error}"));
        element.attr(name).await.expect("an attribute").unwrap_or_default()
    }

    /// Waits until an attribute of the first element that fits is this.
    pub(crate) async fn sees_attribute(&self, css: &str, name: &str, expected: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.attr(name).await.ok().flatten().unwrap_or_default(),
                Err(_) => String::new(),
            };
            if seen == expected {
                return;
            }
            if tokio::time::Instant::now() > until {
                panic!(
                    "{css} {name} is {seen:?}, not {expected:?}\n{}\n{}",
                    self.url().await,
                    self.text().await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks, and does not wait for the page that it leads to.
    pub(crate) async fn click_and_leave(&self, css: &str) {
        let script = "const e = document.querySelector(arguments[0]); setTimeout(() => e.click(), 0);";
        let clicked = self.client.execute(script, vec![css.into()]).await;
        clicked.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Opens another tab and goes there; gives back the handle of the first.
    pub(crate) async fn tab(&self) -> WindowHandle {
        let first = self.client.window().await.expect("a tab");
        let tab = self.client.new_window(true).await.expect("another tab");
        self.client.switch_to_window(tab.handle).await.expect("it can be seen");
        first
    }

    /// Goes to a tab, and gives back the handle of the one that is left.
    pub(crate) async fn switch(&self, to: WindowHandle) -> WindowHandle {
        let from = self.client.window().await.expect("a tab");
        self.client.switch_to_window(to).await.expect("it can be seen");
        from
    }

    /// Closes this tab, and goes to another.
    pub(crate) async fn close_tab(&self, to: WindowHandle) {
        self.client.close_window().await.expect("it closes");
        self.client.switch_to_window(to).await.expect("it can be seen");
    }

    /// What the page looks like, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    /// Closes the browser.
    pub(crate) async fn close(self) {
        self.client.close().await.expect("it closes");
    }
}
