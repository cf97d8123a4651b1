//! Prints what the conformance suite makes of the adapter, and fails if it is not passed.

use std::error::Error;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = custom_adapter::conformance().await?;
    println!("{report}");
    if report.is_passed() {
        Ok(())
    } else {
        Err("the suite is not passed".into())
    }
}
