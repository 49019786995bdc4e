"""A stand-in, not Fly: what apps, releases and machines look like, as flyctl 0.4.87 reads them."""

from harness.platforms._fly_standin_memory import Machine, Release

ORGANIZATION = {
    "id": "1",
    "internal_numeric_id": 1,
    "internalNumericId": "1",
    "slug": "stand-in",
    "name": "Stand-in",
    "paidPlan": True,
}
_CHECK = {"type": "tcp", "port": 8080, "interval": "10s", "timeout": "2s", "grace_period": "5s"}
CONFIG = {"checks": {"alive": _CHECK}, "http_service": {"internal_port": 8080}}

STARTED = {"type": "start", "status": "started", "source": "user", "timestamp": 1767225600000}


def exited(code: int) -> dict[str, object]:
    """What became of a machine whose program ended."""
    exit_event = {"exit_code": code, "requested_stop": False, "restarting": False}
    said = {"type": "exit", "status": "stopped", "source": "flyd", "timestamp": 1767225601000}
    return {**said, "request": {"exit_event": exit_event}}


def graphql_app(app: str) -> dict[str, object]:
    return {
        "id": app,
        "internalNumericId": 1,
        "name": app,
        "hostname": f"{app}.example.test",
        "deployed": True,
        "status": "deployed",
        "appUrl": "",
        "platformVersion": "machines",
        "organization": ORGANIZATION,
    }


def rest_app(app: str) -> dict[str, object]:
    return {
        "id": app,
        "name": app,
        "internal_numeric_id": 1,
        "status": "deployed",
        "organization": ORGANIZATION,
    }


def graphql_release(app: str, release: Release) -> dict[str, object]:
    return {
        "id": f"{app}.{release.version}",
        "version": release.version,
        "status": release.status,
        "description": "Release",
        "reason": "deployment",
        "stable": release.status == "complete",
        "imageRef": release.image,
        "user": {"id": "1", "email": "somebody@example.test", "name": "Somebody"},
        "createdAt": release.created_at,
    }


def image(digest: str, ref: str) -> dict[str, object]:
    return {
        "id": f"img_{digest[-12:]}",
        "digest": digest,
        "ref": ref,
        "compressedSize": "1000",
        "manifest": {},
    }


def rest_release(app: str, release: Release) -> dict[str, object]:
    return {
        "id": f"{app}.{release.version}",
        "version": release.version,
        "status": release.status,
        "in_progress": release.status == "running",
        "image_ref": release.image,
        "created_at": release.created_at,
    }


def machine(app: str, one: Machine) -> dict[str, object]:
    check = {"name": "alive", "status": "passing" if one.healthy else "critical", "output": ""}
    registry, _, repository = (one.repository or f"registry.fly.io/{app}").partition("/")
    return {
        "id": one.id,
        "name": f"{app}-{one.id}",
        "state": one.state,
        "region": "fra",
        "instance_id": f"instance-{one.id}",
        "private_ip": "fdaa::1",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "image_ref": {
            "registry": registry,
            "repository": repository,
            "tag": "",
            "digest": one.digest,
        },
        "config": {
            "image": f"{registry}/{repository}@{one.digest}",
            "env": dict(one.env),
            "checks": {"alive": _CHECK},
            "metadata": {
                "fly_platform_version": "v2",
                "fly_process_group": "app",
                "fly_release_version": str(one.release),
            },
        },
        "checks": [check],
        "host_status": one.host,
    }
