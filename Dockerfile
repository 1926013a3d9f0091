# syntax=docker/dockerfile:1
#
#   docker build -t landfall .
#   docker run --rm -v "$PWD/directory:/work" -e AZURE_… -e LANDFALL_AD_… landfall plan
#
# One static program, the certificates of public authorities, and nothing else: no
# shell, no package manager, no git ("plan -base" takes a folder here). The program
# runs as user 65532; give it a folder that this user may write if it applies
# (.landfall holds the journals), or run it with --user.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=0.1.0
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /rootfs/usr/local/bin/landfall ./cmd/landfall
RUN mkdir -p /rootfs/etc/ssl/certs /rootfs/work /rootfs/home/landfall \
    && mkdir -m 1777 /rootfs/tmp \
    && cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ \
    && echo 'landfall:x:65532:65532:landfall:/home/landfall:/nonexistent' >/rootfs/etc/passwd \
    && echo 'landfall:x:65532:' >/rootfs/etc/group \
    && chown 65532:65532 /rootfs/work /rootfs/home/landfall \
    && cp LICENSE /rootfs/LICENSE

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="landfall" \
      org.opencontainers.image.description="Plan and apply for hybrid identity: Microsoft Entra ID and Active Directory from HCL files" \
      org.opencontainers.image.source="https://github.com/landfall-directory/landfall" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /rootfs/ /
ENV HOME=/home/landfall
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/landfall"]
CMD ["-h"]
