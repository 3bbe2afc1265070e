module fathom/third_party/go/gateway_api

go 1.26

require sigs.k8s.io/gateway-api v1.6.3
