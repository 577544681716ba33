//! Secrets Manager: versions and staging labels.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::builders::GetSecretValueFluentBuilder;

use crate::stand_in::{StandIn, code_and_message, settings, start};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

async fn stand_in() -> StandIn {
    let mut settings = settings("registries: []");
    settings.secrets = BTreeMap::from([("token".to_owned(), "one".to_owned())]);
    start(settings).await
}

fn get(client: &Client) -> GetSecretValueFluentBuilder {
    client.get_secret_value().secret_id("token")
}

async fn text(call: GetSecretValueFluentBuilder) -> String {
    call.send().await.unwrap().secret_string().unwrap().to_owned()
}

#[tokio::test]
async fn a_secret_is_had_by_name_arn_or_partial_arn() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let answer = get(&client).send().await.unwrap();
    assert_eq!((answer.name(), answer.secret_string()), (Some("token"), Some("one")));
    assert_eq!(answer.version_stages(), ["AWSCURRENT"]);
    let age =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
            - answer.created_date().unwrap().as_secs_f64();
    assert!((-1.0..60.0).contains(&age), "{age}");
    let arn = answer.arn().unwrap();
    let partial = arn.rsplit_once('-').unwrap().0;
    assert_eq!(partial, "arn:aws:secretsmanager:us-east-1:123456789012:secret:token");
    for id in [arn, partial] {
        assert_eq!(text(get(&client).secret_id(id)).await, "one");
    }
    assert_eq!(stand_in.calls()[0], ["GetSecretValue", "token", "200"]);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    for (call, message) in [
        (get(&client).secret_id("no"), "Secrets Manager can't find the specified secret."),
        (
            get(&client).version_stage("AWSPREVIOUS"),
            "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
        ),
        (
            get(&client).version_id(OTHER),
            "Secrets Manager can't find the specified secret value for VersionId: fedcba9876543210fedcba9876543210",
        ),
    ] {
        let error = call.send().await.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{error:?}");
        assert_eq!(code_and_message(&error).1, message);
    }
    let current = get(&client).send().await.unwrap();
    let call = get(&client).version_id(current.version_id().unwrap()).version_stage("AWSPENDING");
    assert!(call.send().await.unwrap_err().into_service_error().is_invalid_request_exception());
}

#[tokio::test]
async fn a_new_value_is_current_and_the_old_one_previous() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let put = |text: &str, token: &str| {
        let call = client.put_secret_value().secret_id("token").secret_string(text);
        call.client_request_token(token).send()
    };
    let answer = put("two", TOKEN).await.unwrap();
    assert_eq!(answer.version_id(), Some(TOKEN));
    assert_eq!(answer.version_stages(), ["AWSCURRENT"]);
    assert_eq!(text(get(&client)).await, "two");
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");
    // The same token and text once more change nothing.
    put("two", TOKEN).await.unwrap();
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");
    let error = put("three", TOKEN).await.unwrap_err().into_service_error();
    assert!(error.is_resource_exists_exception());
    let error = put("three", "short").await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception());
    put("three", OTHER).await.unwrap();
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "two");

    let description = client.describe_secret().secret_id("token").send().await.unwrap();
    let stages = description.version_ids_to_stages().unwrap();
    assert_eq!(stages.len(), 2, "the first version has no label any more: {stages:?}");
    assert_eq!(stages[OTHER], ["AWSCURRENT"]);
    assert_eq!(stages[TOKEN], ["AWSPREVIOUS"]);
    assert!(description.last_changed_date() >= description.created_date());
}

#[tokio::test]
async fn a_staging_label_moves_and_is_taken_away() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let first = get(&client).send().await.unwrap().version_id().unwrap().to_owned();
    let pending = client.put_secret_value().secret_id("token").secret_string("two");
    pending.client_request_token(TOKEN).version_stages("AWSPENDING").send().await.unwrap();
    assert_eq!(text(get(&client)).await, "one");
    assert_eq!(text(get(&client).version_stage("AWSPENDING")).await, "two");

    let update =
        |stage: &str| client.update_secret_version_stage().secret_id("token").version_stage(stage);
    // A label that is held is only taken from the version that is named.
    let unnamed = update("AWSCURRENT").move_to_version_id(TOKEN).send().await.unwrap_err();
    let error = unnamed.into_service_error();
    assert!(error.is_invalid_parameter_exception(), "{error:?}");
    assert!(code_and_message(&error).1.contains(&first));
    let wrong = update("AWSCURRENT").move_to_version_id(TOKEN).remove_from_version_id(TOKEN);
    assert!(wrong.send().await.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let move_to = update("AWSCURRENT").move_to_version_id(TOKEN).remove_from_version_id(&first);
    move_to.send().await.unwrap();
    assert_eq!(text(get(&client)).await, "two");
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");

    // Revoking: the previous version loses its label, and can no longer be had by it.
    update("AWSPREVIOUS").remove_from_version_id(&first).send().await.unwrap();
    let gone = get(&client).version_stage("AWSPREVIOUS").send().await.unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
    // The current label cannot be left on nothing.
    let last = update("AWSCURRENT").remove_from_version_id(TOKEN).send().await.unwrap_err();
    assert!(last.into_service_error().is_invalid_parameter_exception());
    let neither = update("AWSNEXT").send().await.unwrap_err();
    assert!(neither.into_service_error().is_invalid_parameter_exception());
    let unknown = update("AWSNEXT").move_to_version_id(OTHER).send().await.unwrap_err();
    assert!(unknown.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn of_two_who_move_a_label_from_the_same_version_one_wins() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let first = get(&client).send().await.unwrap().version_id().unwrap().to_owned();
    for (token, text) in [(TOKEN, "two"), (OTHER, "three")] {
        let put = client.put_secret_value().secret_id("token").secret_string(text);
        put.client_request_token(token).version_stages("PENDING").send().await.unwrap();
    }
    // The label has gone to the second version; the first can still be had by its id.
    assert_eq!(text(get(&client).version_stage("PENDING")).await, "three");
    assert_eq!(text(get(&client).version_id(TOKEN)).await, "two");
    let to_current = |token: &str| {
        let update = client.update_secret_version_stage().secret_id("token");
        update.version_stage("AWSCURRENT").move_to_version_id(token).remove_from_version_id(&first)
    };
    to_current(OTHER).send().await.unwrap();
    let late = to_current(TOKEN).send().await.unwrap_err().into_service_error();
    assert!(late.is_invalid_parameter_exception(), "{late:?}");
    assert_eq!(text(get(&client)).await, "three");
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");
    // Where the label is already, it stays.
    let update = client.update_secret_version_stage().secret_id("token");
    update.version_stage("AWSCURRENT").move_to_version_id(OTHER).send().await.unwrap();
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");
}

#[tokio::test]
async fn versions_are_listed_with_their_labels_page_by_page() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let list = || client.list_secret_version_ids().secret_id("token");
    for (text, token) in [("two", TOKEN), ("three", OTHER)] {
        let put = client.put_secret_value().secret_id("token").secret_string(text);
        put.client_request_token(token).send().await.unwrap();
    }
    let answer = list().send().await.unwrap();
    let ids: Vec<_> = answer.versions().iter().map(|it| it.version_id().unwrap()).collect();
    assert_eq!(ids, [TOKEN, OTHER], "the first version has no label any more");
    assert_eq!(answer.versions()[1].version_stages(), ["AWSCURRENT"]);
    assert!(answer.versions()[1].created_date() >= answer.versions()[0].created_date());
    assert_eq!(answer.next_token(), None);

    let all = || list().include_deprecated(true).max_results(2);
    let first = all().send().await.unwrap();
    assert_eq!((first.versions().len(), first.versions()[0].version_stages().len()), (2, 0));
    let second = all().next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!((second.versions().len(), second.next_token()), (1, None));
    let error = list().max_results(101).send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception(), "{error:?}");
}

#[tokio::test]
async fn all_versions_together_have_at_most_20_labels() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let first = get(&client).send().await.unwrap().version_id().unwrap().to_owned();
    let label = |name: String| {
        let update = client.update_secret_version_stage().secret_id("token").version_stage(name);
        update.move_to_version_id(&first).send()
    };
    for number in 1..20 {
        label(format!("label-{number}")).await.unwrap();
    }
    let error = label("one-more".to_owned()).await.unwrap_err().into_service_error();
    assert!(error.is_limit_exceeded_exception(), "{error:?}");
    label("label-1".to_owned()).await.unwrap();
    let put = client.put_secret_value().secret_id("token").secret_string("two");
    let put = put.client_request_token(TOKEN).version_stages("one-more").send().await;
    assert!(put.unwrap_err().into_service_error().is_limit_exceeded_exception());
}

#[tokio::test]
async fn a_secret_that_is_marked_for_deletion_is_not_read_until_it_is_restored() {
    let stand_in = stand_in().await;
    let client = stand_in.secrets();
    let short = client.delete_secret().secret_id("token").recovery_window_in_days(6);
    assert!(short.send().await.unwrap_err().into_service_error().is_invalid_parameter_exception());
    client.delete_secret().secret_id("token").send().await.unwrap();
    let error = get(&client).send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_request_exception(), "{error:?}");
    assert_eq!(
        code_and_message(&error).1,
        "You can't perform this operation on the secret because it was marked for deletion."
    );
    let described = client.describe_secret().secret_id("token").send().await.unwrap();
    assert!(described.deleted_date() > described.created_date());
    client.restore_secret().secret_id("token").send().await.unwrap();
    assert_eq!(text(get(&client)).await, "one");
    let forced = client.delete_secret().secret_id("token").force_delete_without_recovery(true);
    forced.send().await.unwrap();
    let error = get(&client).send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}

#[tokio::test]
async fn a_binary_secret_is_refused_aloud() {
    let stand_in = stand_in().await;
    let blob = aws_sdk_secretsmanager::primitives::Blob::new("x");
    let client = stand_in.secrets();
    let call = client.put_secret_value().secret_id("token").secret_binary(blob);
    let error = call.send().await.unwrap_err().into_service_error();
    assert_eq!(code_and_message(&error).0, "SerializationException");
}

#[tokio::test]
async fn a_secret_that_is_a_file_holds_what_the_file_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.yaml");
    let mut settings = settings("registries: []");
    settings.secret_files = BTreeMap::from([("token".to_owned(), path.clone())]);
    let stand_in = start(settings).await;
    let client = stand_in.secrets();
    let gone = || async {
        let error = get(&client).send().await.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{error:?}");
        code_and_message(&error).1
    };
    assert_eq!(gone().await, "Secrets Manager can't find the specified secret.");

    let mut ids = vec![];
    for content in ["one", "two", "one"] {
        std::fs::write(&path, content).unwrap();
        let answer = get(&client).send().await.unwrap();
        assert_eq!(answer.secret_string(), Some(content));
        assert_eq!(answer.version_stages(), ["AWSCURRENT"]);
        ids.push(answer.version_id().unwrap().to_owned());
    }
    assert!((32..=64).contains(&ids[0].len()), "{ids:?}");
    assert_eq!((ids[0] == ids[2], ids[0] == ids[1]), (true, false), "{ids:?}");
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "two");

    // What AWS would not store is not served.
    std::fs::write(&path, "x".repeat(65_537)).unwrap();
    assert_eq!(text(get(&client)).await, "one");
    // A call changes the secret and leaves the file alone, until the file is edited.
    let put = client.put_secret_value().secret_id("token").secret_string("three");
    put.client_request_token(TOKEN).send().await.unwrap();
    std::fs::write(&path, "one").unwrap();
    assert_eq!(text(get(&client)).await, "three");
    assert_eq!(text(get(&client).version_stage("AWSPREVIOUS")).await, "one");
    std::fs::write(&path, "four").unwrap();
    assert_eq!(text(get(&client)).await, "four");
    let error = client.delete_secret().secret_id("token").send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(code_and_message(&error).1.ends_with("policy.yaml; delete that"), "{error:?}");

    std::fs::remove_file(&path).unwrap();
    assert_eq!(gone().await, "Secrets Manager can't find the specified secret.");
}

#[test]
fn secrets_are_not_shown() {
    let mut settings = settings("registries: []");
    settings.secrets = BTreeMap::from([("token".to_owned(), "the-text".to_owned())]);
    settings.secret_access_key = "the-key".to_owned();
    let shown = format!("{settings:?} {:?}", local_cloud::aws::Aws::new(settings.clone()));
    assert!(
        shown.contains("token") && !shown.contains("the-text") && !shown.contains("the-key"),
        "{shown}"
    );
}
