//! What `check` reads, and what it refuses.
#![cfg(test)]

use std::path::{Path, PathBuf};

use ecr_admission_cli::check::input::{self, Input};
use ecr_admission_cli::check::object::{Content, MadePod, Object, Span, Unreadable};
use serde_json::{Value, json};

/// Reads a text from stdin.
fn stdin(text: impl AsRef<[u8]>) -> Input {
    input::read(&[PathBuf::from("-")], &mut text.as_ref())
}

fn paths(paths: &[&Path]) -> Input {
    let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).to_owned()).collect();
    input::read(&paths, &mut std::io::empty())
}

/// The objects of an input that is read without a problem.
fn objects(text: impl AsRef<[u8]>) -> Vec<Object> {
    let input = stdin(text);
    assert_eq!(input.unreadable, []);
    input.objects
}

fn made(object: &Object) -> &MadePod {
    match &object.content {
        Content::Pod(made) => made,
        Content::NotEvaluated(reason) => panic!("{reason}"),
    }
}

/// The images of an object as the function will read them, each with the text at its place.
fn images<'a>(text: &'a str, object: &Object) -> Vec<(String, String, &'a str)> {
    let made = made(object);
    let pod: Value = serde_json::from_str(made.pod.get()).unwrap();
    let image = |path: &str| {
        let pointer = path.replace(['.', '['], "/").replace(']', "");
        pod.pointer(&format!("/{pointer}")).and_then(Value::as_str).unwrap_or("none").to_owned()
    };
    let images = made.images.iter();
    images.map(|(path, span)| (path.to_string(), image(path.as_str()), at(text, *span))).collect()
}

/// The text at a span: lines and columns count from 1, columns in characters, the end is exclusive.
fn at(text: &str, span: Span) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = |line: usize, column: usize| {
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        start
            + text.get(start..).unwrap().chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    text.get(offset(span.line, span.column)..offset(span.end_line, span.end_column)).unwrap()
}

/// Each problem with its place.
fn problems(input: &Input) -> Vec<String> {
    let problem = |bad: &Unreadable| match bad.place {
        Some((line, column)) => format!("{}:{line}:{column}: {}", bad.file, bad.problem),
        None => format!("{}: {}", bad.file, bad.problem),
    };
    input.unreadable.iter().map(problem).collect()
}

/// The kinds and names of the objects.
fn names(input: &Input) -> Vec<String> {
    input.objects.iter().map(|object| format!("{} {}", object.id.kind, object.id.name)).collect()
}

#[test]
fn a_controller_is_read_as_the_pod_that_it_makes() {
    let [object] = &objects(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {a: b}}
spec:
  template:
    metadata: {name: ignored, namespace: ignored, labels: {app: web}, annotations: {c: d}}
    spec:
      containers:
      - {name: web, image: web:1}
",
    )[..] else {
        panic!()
    };
    assert_eq!(
        made(object).pod.get(),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","generateName":"web-","labels":{"app":"web"},"annotations":{"c":"d"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}"#
    );
    assert_eq!(object.id.namespace.as_deref(), Some("shop"));
    let span = Span { line: 1, column: 1, end_line: 1, end_column: 11 };
    assert_eq!(object.id.span, Some(span));
    let image = Span { line: 9, column: 28, end_line: 9, end_column: 33 };
    assert_eq!(made(object).images.values().collect::<Vec<_>>(), [&image]);
}

#[test]
fn a_pod_is_found_where_its_kind_keeps_it() {
    let spec = json!({"containers": [{"name": "a", "image": "a:1"}]});
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": spec});
    for (api_version, kind, object, path) in [
        ("v1", "Pod", json!({"spec": spec}), "spec"),
        ("v1", "PodTemplate", json!({"template": template}), "template.spec"),
        (
            "v1",
            "ReplicationController",
            json!({"spec": {"template": template}}),
            "spec.template.spec",
        ),
        ("apps/v1", "Deployment", json!({"spec": {"template": template}}), "spec.template.spec"),
        ("apps/v1", "ReplicaSet", json!({"spec": {"template": template}}), "spec.template.spec"),
        ("apps/v1", "StatefulSet", json!({"spec": {"template": template}}), "spec.template.spec"),
        ("apps/v1", "DaemonSet", json!({"spec": {"template": template}}), "spec.template.spec"),
        ("batch/v1", "Job", json!({"spec": {"template": template}}), "spec.template.spec"),
        (
            "batch/v1",
            "CronJob",
            json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
            "spec.jobTemplate.spec.template.spec",
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            json!({"spec": {"template": template}}),
            "spec.template.spec",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            json!({"spec": {"template": template}}),
            "spec.template.spec",
        ),
        (
            "example.com/v1",
            "Every",
            json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
            "spec.jobTemplate.spec.template.spec",
        ),
    ] {
        let mut object = object;
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        object["metadata"] = json!({"generateName": "x-"});
        let [object] = &objects(object.to_string())[..] else { panic!() };
        assert_eq!(made(object).path, path, "{kind}");
        let pod: Value = serde_json::from_str(made(object).pod.get()).unwrap();
        assert_eq!(pod["spec"], spec, "{kind}");
        assert_eq!((object.id.api_version.as_str(), object.id.kind.as_str()), (api_version, kind));
        assert_eq!((object.id.name.as_str(), &object.id.span), ("x-*", &None), "{kind}");
    }
}

#[test]
fn what_makes_no_pod_is_named_and_says_why() {
    let refused = "it has no containers, so kube-apiserver refuses it";
    for (object, expected) in [
        ("kind: ConfigMap\napiVersion: v1\ndata: {a: b}", "no Pod template"),
        ("kind: Service\napiVersion: v1\nspec: {template: 7}", "no Pod template"),
        ("kind: A\napiVersion: b/v1\nspec: {template: {spec: {steps: []}}}", "no Pod template"),
        (
            "kind: A\napiVersion: b/v1\nspec: {template: {spec: {containers: {a: b}}}}",
            "no Pod template",
        ),
        (
            "kind: A\napiVersion: b/v1\nspec: {template: {spec: {containers: [a]}}}",
            "no Pod template",
        ),
        (
            "kind: A\napiVersion: b/v1\nspec: {template: {spec: {containers: [{image: {tag: b}}]}}}",
            "no Pod template",
        ),
        (
            "kind: Pod\napiVersion: metrics.k8s.io/v1\nspec: {containers: [{image: a}]}",
            "no Pod template",
        ),
        ("kind: Pod\napiVersion: v1\nspec: {containers: []}", refused),
        ("kind: Pod\napiVersion: v1\nSpec: {containers: [{image: a}]}", refused),
        ("kind: Pod\napiVersion: v1\nspec: {Containers: [{image: a}]}", refused),
        ("kind: Deployment\napiVersion: apps/v1\nspec: {replicas: 2}", refused),
        (
            "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1",
            "it is input of kustomize; check what kustomize build prints",
        ),
    ] {
        let [object] = &objects(object)[..] else { panic!("{object}") };
        let Content::NotEvaluated(reason) = &object.content else { panic!("{object:?}") };
        assert_eq!(reason, expected, "{object:?}");
    }
}

#[test]
fn the_place_of_an_image_is_where_it_is_written() {
    let pod = |spec: &str| format!("# é\nkind: Pod\napiVersion: v1\nspec:\n{spec}");
    for (spec, expected) in [
        ("  containers:\n  - image: a:1  # b\n", &[("a:1", "a:1")][..]),
        ("  containers:\n  - name: 'é'\n    image:   \"a:1\"\n", &[("a:1", "\"a:1\"")]),
        (
            "  containers: [{name: é, image: 'a''b'}, {image: c}]\n",
            &[("a'b", "'a''b'"), ("c", "c")],
        ),
        ("  containers: [{image: a\n    b,name: c}]\n", &[("a b", "a\n    b")]),
        ("  containers:\n  - image:\n      a:1\n", &[("a:1", "a:1")]),
        (
            "  containers:\n  - image: &i !!str \"a:1\"\n  - image: *i\n",
            &[("a:1", "\"a:1\""), ("a:1", "*i")],
        ),
        ("  containers:\n  - &c {image: a}\n  - *c\n", &[("a", "a"), ("a", "*c")]),
        ("  containers:\n  - &c {image: a}\n  - <<: *c\n", &[("a", "a"), ("a", "*c")]),
        ("  containers:\n  - &c {image: a}\n  - <<: *c\n    image: b\n", &[("a", "a"), ("b", "b")]),
        ("  containers:\n  - <<: {image: a}\n", &[("a", "a")]),
        ("  containers:\n  - <<: [{image: a}, {image: b}]\n", &[("a", "a")]),
        ("  containers:\n  - image: \"\\u00e9\\\n      x\"\n", &[("éx", "\"\\u00e9\\\n      x\"")]),
        ("  containers:\n  - image: |\n      a:1\n\n    name: b\n", &[("a:1\n", "a:1")]),
        // An image that is missing is at its container.
        ("  containers:\n  - name: a\n", &[("none", "name")]),
        ("  containers:\n  - image:\n", &[("none", "image")]),
    ] {
        for (text, expected) in [
            (pod(spec), expected.to_vec()),
            (format!("\u{feff}{}", pod(spec)), expected.to_vec()),
            (format!("a: é\nkind: A\napiVersion: v1\n---\n{}", pod(spec)), expected.to_vec()),
        ] {
            let objects = objects(&text);
            let found = images(&text, objects.last().unwrap());
            let found: Vec<_> = found.iter().map(|(_, image, at)| (image.as_str(), *at)).collect();
            assert_eq!(found, expected, "{text}");
        }
        let text = pod(spec).replace('\n', "\r\n");
        let objects = objects(&text);
        let found = images(&text, objects.last().unwrap());
        let found: Vec<_> = found.iter().map(|(_, _, at)| at.replace("\r\n", "\n")).collect();
        let expected: Vec<_> = expected.iter().map(|(_, at)| *at).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn every_image_field_has_a_place() {
    let text = "kind: Pod
apiVersion: v1
spec:
  volumes: [{name: v}, {name: w, image: {reference: v:1}}, {name: x, image: {}}]
  ephemeralContainers: [{image: e:1}]
  initContainers: [{image: i:1}]
  containers: [{image: c:1}]
";
    let [object] = &objects(text)[..] else { panic!() };
    let images = images(text, object);
    let images: Vec<_> = images.iter().map(|(path, _, at)| (path.as_str(), *at)).collect();
    assert_eq!(
        images,
        [
            ("spec.containers[0].image", "c:1"),
            ("spec.ephemeralContainers[0].image", "e:1"),
            ("spec.initContainers[0].image", "i:1"),
            ("spec.volumes[1].image.reference", "v:1"),
            ("spec.volumes[2].image.reference", "name"),
        ]
    );
}

#[test]
fn yaml_is_read_as_kubectl_reads_it() {
    // What sigs.k8s.io/yaml 1.6.0 makes of each.
    for (yaml, expected) in [
        (
            "[0777, 0o17, 0x1F, 0b11, +5, 1_000, 08, 1e3, .5, .1_0, 1., 00]",
            "[511,15,31,3,5,1000,8.0,1000.0,0.5,0.1,1.0,0]",
        ),
        (
            "[\"01\", 1:30, 1.2.3, 0x, 0b2, 1e, e1, .e1, _1, 1e400, 0o8]",
            r#"["01","1:30","1.2.3","0x","0b2","1e","e1",".e1","_1","1e400","0o8"]"#,
        ),
        (
            "[18446744073709551615, -9223372036854775808]",
            "[18446744073709551615,-9223372036854775808]",
        ),
        (r#"["\x01\x1f\t\n\"\\"]"#, r#"["\u0001\u001f\u0009\n\"\\"]"#),
        (
            "[y, Yes, on, n, NO, off, tRue, ~, Null, nULL, '', 2001-12-14]",
            r#"[true,true,true,false,false,false,"tRue",null,null,"nULL","","2001-12-14"]"#,
        ),
        ("{y: 1, 1: 2, 1.5: 3, 0x10: 4}", r#"{"true":1,"1":2,"1.5":3,"16":4}"#),
        (
            "[!!str 1, !!int '3', !!float 3, !!bool yes, !!null '', !!seq [1]]",
            r#"["1",3,3.0,true,null,[1]]"#,
        ),
        (
            "{a: &a {k: 1}, b: {<<: *a, k: 2}, c: {<<: [*a, {j: 3, k: 4}]}, d: {\"<<\": 1}}",
            r#"{"a":{"k":1},"b":{"k":2},"c":{"k":1,"j":3},"d":{"<<":1}}"#,
        ),
        ("|\n    a\n    ---\n     b\n", r#""a\n---\n b\n""#),
        (">-\n    a\n    b\n\n    c\n", r#""a b\nc""#),
        ("multi\n    line # c\n", r#""multi line""#),
        ("{a: , b, \"c\":d, http://e/f: g#h}", r#"{"a":null,"b":null,"c":"d","http://e/f":"g#h"}"#),
    ] {
        let text =
            format!("kind: Pod\napiVersion: v1\nspec:\n  containers: [{{image: a}}]\n  x: {yaml}");
        let [object] = &objects(&text)[..] else { panic!("{text}") };
        let pod = made(object).pod.get();
        let (_, found) = pod.split_once(r#""x":"#).unwrap();
        assert_eq!(found.strip_suffix("}}"), Some(expected), "{text}");
    }
}

#[test]
fn an_image_that_is_not_text_is_refused() {
    let of = |image: &str| {
        let text = format!("kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - image: {image}\n");
        let input = stdin(text);
        assert_eq!(input.objects.len(), 0, "{image}");
        problems(&input).join("\n")
    };
    for (image, got) in [
        ("123", "the number 123"),
        ("1.10", "the number 1.1"),
        ("0777", "the number 511"),
        ("yes", "the boolean true"),
        ("[a]", "a list"),
        ("{a: b}", "a mapping"),
    ] {
        let expected =
            format!("stdin:5:12: expected text in spec.containers[0].image, got {got}; quote it");
        assert_eq!(of(image), expected, "{image}");
    }
    assert_eq!(
        of("'{{ .Values.image }}'"),
        "stdin:5:12: expected an image in spec.containers[0].image, got the template \"{{ .Values.image }}\"; render it first: helm template … | ecr-admission check -"
    );
}

#[test]
fn one_bad_document_does_not_hide_the_others() {
    let good =
        "kind: Pod\napiVersion: v1\nmetadata: {name: good}\nspec: {containers: [{image: a}]}\n";
    for (bad, expected) in [
        (
            "a: 1\nb: 2\na: 3\n",
            "stdin:8:1: the key \"a\" is set twice, first in line 6; remove one",
        ),
        (
            "a:\n\tb: 1\n",
            "stdin:7:1: expected spaces, got a tab; YAML is indented with spaces only",
        ),
        (
            "{{- if .Values.on }}\nkind: Pod\n{{- end }}\n",
            "stdin:6:1: expected Kubernetes YAML, got a template with \"{{\"; render it first: helm template … | ecr-admission check -",
        ),
        (
            "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
            "stdin:8:9: expected Kubernetes YAML, got a template with \"{{\"; render it first: helm template … | ecr-admission check -",
        ),
        (
            "apiVersion: v1\n",
            "stdin:6:1: expected a Kubernetes object with apiVersion and kind, got one without kind",
        ),
        (
            "kind: Pod\n",
            "stdin:6:1: expected a Kubernetes object with apiVersion and kind, got one without apiVersion",
        ),
        (
            "kind: Pod\napiVersion: 1\n",
            "stdin:7:13: expected text in apiVersion, got the number 1; quote it",
        ),
        ("a text\n", "stdin:6:1: expected a Kubernetes object, got text"),
        (
            "a: *b\n",
            "stdin:6:4: the alias names an anchor that is not set above it in this document",
        ),
        (
            "a: !Ref b\n",
            "stdin:6:9: expected no YAML tag, or one of JSON such as !!str, got \"!Ref\"",
        ),
        ("a: !!int b\n", "stdin:6:10: expected a value of the YAML tag \"!!int\", got text"),
        ("a: .inf\n", "stdin:6:4: expected a number that JSON has, got \".inf\"; quote it"),
        ("? [a]\n: b\n", "stdin:6:3: expected text as a key, got a collection"),
        ("~: b\n", "stdin:6:1: expected text as a key, got null; quote it"),
        (
            "a: &a {b: 1}\nc: {b: 2, <<: *a}\n",
            "stdin:7:11: the merge \"<<\" sets the key \"b\" again, and YAML readers differ in which one counts; put \"<<\" first",
        ),
        (
            "a: &a {b: 1}\nc: {<<: *a, <<: *a}\n",
            "stdin:7:13: the key \"<<\" is set twice, first in line 7; remove one",
        ),
        (
            "c: {<<: 1}\n",
            "stdin:6:9: expected a mapping, or an alias of one, behind the merge \"<<\"",
        ),
        ("a: &a [*a]\n", "stdin:6:8: expected values nested at most 128 levels deep, got more"),
        (
            "a: &a {<<: *a}\n",
            "stdin:6:12: expected values nested at most 128 levels deep, got more",
        ),
        (
            "a: b: c\n",
            "stdin:6:5: expected YAML, got text that is not: mapping values are not allowed in this context",
        ),
        (
            "kind: Pod\napiVersion: v1\nspec: {containers: [{image: a, ports: [{containerPort: x}]}]}\n",
            "stdin:8:56: the Pod could not be read: invalid type: string \"x\", expected i32",
        ),
        (
            "kind: Pod\napiVersion: v1\nspec: {containers: {image: a}}\n",
            "stdin:8:20: expected a list in containers, got a mapping",
        ),
        (
            "kind: Pod\napiVersion: v1\nspec: {containers: [a]}\n",
            "stdin:8:21: expected a mapping, got text",
        ),
        ("kind: Pod\napiVersion: v1\nspec: 7\n", "stdin:8:7: expected a mapping, got the number 7"),
        (
            "kind: Pod\napiVersion: v1\nmetadata: {name: 7}\n",
            "stdin:8:18: expected text in metadata.name, got the number 7; quote it",
        ),
    ] {
        let input = stdin(format!("{good}---\n{bad}---\n{good}"));
        assert_eq!(problems(&input), [expected], "{bad}");
        assert_eq!(names(&input), ["Pod good", "Pod good"], "{bad}");
    }
    let input = stdin(format!("{good}--- kind: Pod\n---\n{good}"));
    let expected = "stdin:5:4: expected only a comment behind the document separator \"---\", got \"kind: Pod\"; put it in the next line";
    assert_eq!(problems(&input), [expected]);
    assert_eq!(names(&input), ["Pod good", "Pod good"]);
}

#[test]
fn nothing_is_not_an_object() {
    for text in [
        "",
        "\n",
        "# a\n",
        "---\n---\n# a\n---\nnull\n--- # b\n~\n...\n",
        "%YAML 1.1\n---\n",
        "\u{feff}# a",
        "\r\n",
    ] {
        let input = stdin(text);
        assert_eq!((names(&input), problems(&input)), (vec![], vec![]), "{text:?}");
    }
}

#[test]
fn lists_are_opened() {
    let pod =
        |name: &str| json!({"metadata": {"name": name}, "spec": {"containers": [{"image": "a"}]}});
    let typed = |name: &str| {
        let mut pod = pod(name);
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod
    };
    let list =
        |kind: &str, items: &[Value]| json!({"apiVersion": "v1", "kind": kind, "items": items});
    for (text, expected) in [
        (list("List", &[typed("a"), typed("b")]), &["Pod a", "Pod b"][..]),
        (
            list("List", &[list("List", &[typed("a")]), list("PodList", &[pod("b")]), typed("c")]),
            &["Pod a", "Pod b", "Pod c"],
        ),
        (list("PodList", &[pod("a"), typed("b")]), &["Pod a", "Pod b"]),
        (list("List", &[]), &[]),
        (json!({"apiVersion": "v1", "kind": "List", "items": null}), &["List "]),
        (json!([typed("a"), [typed("b")]]), &["Pod a", "Pod b"]),
    ] {
        let input = stdin(text.to_string());
        assert_eq!(
            (names(&input).as_slice(), problems(&input)),
            (&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..], vec![]),
            "{text}"
        );
    }
    let mut deep = typed("a");
    for _ in 0..17 {
        deep = list("List", &[deep]);
    }
    let expected = "expected lists nested at most 16 deep, got more";
    assert_eq!(stdin(deep.to_string()).unreadable[0].problem, expected);
    // What an item lacks is said where it is, and the others are read.
    let input =
        stdin("kind: List\napiVersion: v1\nitems:\n- {kind: A}\n- {kind: B, apiVersion: v1}\n");
    assert_eq!(
        problems(&input),
        [
            "stdin:4:3: expected a Kubernetes object with apiVersion and kind, got one without apiVersion"
        ]
    );
    assert_eq!(names(&input), ["B "]);
}

#[test]
fn json_is_read_value_by_value() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a"}]}}"#;
    for text in [
        format!("{pod}{pod}"),
        format!(" \n{pod}\n\n{pod}\n"),
        format!("\u{feff}{pod}\r\n{pod}"),
        format!("{pod}\n---\n{pod}"),
        "{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}\n---\n{apiVersion: v1, kind: Pod}".to_owned(),
    ] {
        let input = stdin(&text);
        assert_eq!((names(&input).len(), problems(&input)), (2, vec![]), "{text}");
    }
    for (text, expected) in [
        (r#"{"a": 1,}"#.to_owned(), "stdin:1:9: expected JSON: key must be a string"),
        ("{\n \"é\": é}".to_owned(), "stdin:2:7: expected JSON: expected value"),
        ("{".to_owned(), "stdin:1:1: expected JSON: EOF while parsing an object"),
        (
            r#"{"kind":"A","kind":"B"}"#.to_owned(),
            "stdin:1:1: the key \"kind\" is set twice; remove one",
        ),
        (
            pod.replace(r#""image":"a""#, r#""image":"a","im\u0061ge":"b""#),
            "stdin:1:55: the key \"image\" is set twice; remove one",
        ),
        (
            pod.replace(r#""a""#, "\n 7"),
            "stdin:2:2: expected text in spec.containers[0].image, got the number 7; quote it",
        ),
    ] {
        assert_eq!(problems(&stdin(&text)), [expected], "{text}");
    }
}

#[test]
fn blanks_between_tokens_are_not_kept() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": " a\n\\\" "}, "spec": {"containers": [{"image": "a \\"}], "x": [1, {}]}});
    let [object] = &objects(serde_json::to_string_pretty(&pod).unwrap())[..] else { panic!() };
    let expected = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":" a\n\\\" "},"spec":{"containers":[{"image":"a \\"}],"x":[1,{}]}}"#;
    assert_eq!(made(object).pod.get(), expected);
}

#[test]
fn helm_output_names_its_templates() {
    let text = "---
# Source: web/templates/pod.yaml
kind: Pod
apiVersion: v1
spec: {containers: [{image: a}]}
---
# Source: web/templates/bad.yaml
kind: Pod
apiVersion: v1
spec: {containers: [{image: 1}]}
";
    let input = stdin(text);
    let [object] = &input.objects[..] else { panic!("{input:?}") };
    assert_eq!((object.id.file.as_str(), object.id.rendered), ("web/templates/pod.yaml", true));
    assert_eq!((object.id.span, made(object).images.len()), (None, 0));
    assert_eq!(
        problems(&input),
        [
            "stdin:10:29: expected text in spec.containers[0].image, got the number 1; quote it; rendered from \"web/templates/bad.yaml\""
        ]
    );
    // Of a file, the lines are known.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rendered.yaml");
    std::fs::write(&path, text).unwrap();
    let input = paths(&[&path]);
    let [object] = &input.objects[..] else { panic!("{input:?}") };
    assert_eq!((object.id.file.as_str(), object.id.rendered), (path.to_str().unwrap(), false));
    assert_eq!(made(object).images.len(), 1);
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    for (bytes, expected) in [
        (&b"a: \xc3\xa9\nb: \xff"[..], "stdin:2:4: expected text in UTF-8, got the byte 0xff"),
        (
            b"a\0: \0b\0",
            "stdin:1:1: expected text in UTF-8, got UTF-16 (little endian); save the file as UTF-8",
        ),
        (
            b"\xfe\xff\0a",
            "stdin:1:1: expected text in UTF-8, got UTF-16 (big endian); save the file as UTF-8",
        ),
        (
            b"\x1f\x8b\x08",
            "stdin:1:1: expected text in UTF-8, got a gzip file; save the file as UTF-8",
        ),
    ] {
        assert_eq!(problems(&stdin(bytes)), [expected]);
    }
}

#[test]
fn aliases_cannot_grow_without_end() {
    let levels = |first: &str, next: &str| {
        let mut text = format!("a0: &a0 {first}\n");
        for n in 1..40 {
            let line = next.replace('*', &format!("*a{}", n - 1));
            text = format!("{text}a{n}: &a{n} {line}\n");
        }
        text
    };
    let expected =
        "expected aliases that stand for at most 1,000,000 values in a document, got more";
    for text in
        [levels("[x]", "[*, *]"), levels("{x: y}", "{x: *, y: *}"), levels("{}", "{<<: [*, *]}")]
    {
        let input = stdin(text);
        let [Unreadable { problem, .. }] = &input.unreadable[..] else { panic!("{input:?}") };
        assert_eq!(problem, expected);
    }
}

#[test]
fn values_cannot_be_nested_without_end() {
    let nested = |levels: usize| {
        format!("kind: A\napiVersion: v1\nx: {}{}", "[".repeat(levels), "]".repeat(levels))
    };
    assert_eq!(problems(&stdin(nested(100))), [] as [&str; 0]);
    for levels in [200, 1_000, 100_000] {
        let input = stdin(nested(levels));
        let [Unreadable { problem, .. }] = &input.unreadable[..] else { panic!("{input:?}") };
        assert_eq!(problem, "expected values nested at most 128 levels deep, got more");
    }
    // JSON of any depth is skipped where nothing of it is read.
    let deep = format!(
        r#"{{"apiVersion":"v1","kind":"A","x":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(names(&stdin(deep)), ["A "]);
}

#[test]
fn a_folder_is_read_with_all_that_is_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("b/.hidden")).unwrap();
    for (name, kind) in [
        ("z.yaml", "Z"),
        ("b/a.yml", "A"),
        ("b/c.JSON", "C"),
        ("b/.hidden/x.yaml", "Hidden"),
        (".x.yaml", "Hidden"),
        ("readme.md", "Other"),
        ("empty.yaml", ""),
    ] {
        let text = if kind.is_empty() {
            String::new()
        } else {
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"{kind}\"}}")
        };
        std::fs::write(root.join(name), text).unwrap();
    }
    std::fs::write(root.join("kustomization.yaml"), "resources: [z.yaml]\n").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        std::os::unix::fs::symlink(root.join("b/a.yml"), root.join("y.yaml")).unwrap();
    }
    let input = paths(&[root]);
    assert_eq!(problems(&input), [] as [&str; 0]);
    assert_eq!(names(&input), ["A ", "C ", "Kustomization ", "Z "]);
    assert_eq!(input.objects[0].id.file, root.join("b/a.yml").to_str().unwrap());
    // A file that is named is read whatever its name, and each only once.
    let input = paths(&[&root.join("readme.md"), root, &root.join("z.yaml")]);
    assert_eq!(names(&input), ["Other ", "A ", "C ", "Kustomization ", "Z "]);
}

#[test]
fn a_file_that_is_named_has_to_be_there_and_hold_something() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.yaml");
    std::fs::write(&empty, " \n").unwrap();
    let none = folder.path().join("none.yaml");
    let input = paths(&[&empty, &none]);
    let [empty, none] = [empty, none].map(|path| path.to_str().unwrap().to_owned());
    assert_eq!(
        problems(&input),
        [
            format!("{empty}: the file is empty; expected Kubernetes objects in YAML or JSON"),
            format!("{none}: the file could not be read: No such file or directory (os error 2)"),
        ]
    );
}
