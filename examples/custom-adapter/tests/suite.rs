//! The suite, as a test.

#[tokio::test(start_paused = true)]
async fn the_adapter_passes_the_suite() {
    let report = custom_adapter::conformance().await.unwrap();
    report.assert_passed();
}
