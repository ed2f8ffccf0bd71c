import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Flow;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.adjudicator.ApiClient;
import org.adjudicator.ApiException;
import org.adjudicator.api.SettlementApi;
import org.adjudicator.model.Claim;
import org.adjudicator.model.ClaimMessage;
import org.adjudicator.model.FeeLine;
import org.adjudicator.model.MistakeBody;
import org.adjudicator.model.ProblemBody;
import org.adjudicator.model.ReversalAnswer;
import org.adjudicator.model.ReversalReason;
import org.adjudicator.model.ReverseMessage;
import org.adjudicator.model.SettlementAnswer;
import org.adjudicator.model.StoredAnswer;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * How a client that was generated from docs/openapi.json is made to sign: an interceptor adds the four headers.
 *
 * <pre>
 * openapi-generator-cli generate -g java --library native -i openapi.json -o generated \
 *   --additional-properties=openApiNullable=false,invokerPackage=org.adjudicator,apiPackage=org.adjudicator.api,modelPackage=org.adjudicator.model
 * </pre>
 *
 * It asks the sandbox of `adjudicator serve`, unless ADJUDICATOR_ADDRESS, ADJUDICATOR_KEY and ADJUDICATOR_SECRET
 * (hexadecimal digits) say another service and key. What to do after a time-out: see Client.java.
 */
public final class GeneratedClient {
    /** Signs what is about to be sent. */
    static void sign(HttpRequest.Builder builder, String key, byte[] secret) {
        HttpRequest request = builder.build();
        URI uri = request.uri();
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        String time = Long.toString(Instant.now().getEpochSecond());
        String nonce = UUID.randomUUID().toString();
        try {
            String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bodyOf(request)));
            String toSign = String.join("\n", request.method(), uri.getRawPath(), query, digest, time, nonce, key);
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            builder.header("Adjudicator-Key", key)
                    .header("Adjudicator-Time", time)
                    .header("Adjudicator-Nonce", nonce)
                    .header("Adjudicator-Signature", HexFormat.of().formatHex(mac.doFinal(toSign.getBytes(UTF_8))));
        } catch (GeneralSecurityException impossible) { // every Java has both
            throw new IllegalStateException(impossible);
        }
    }

    /** The bytes that are going to be sent: a publisher of bytes in memory gives them at once. */
    private static byte[] bodyOf(HttpRequest request) {
        List<ByteBuffer> parts = new ArrayList<>();
        request.bodyPublisher().ifPresent(publisher -> publisher.subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(ByteBuffer part) {
                parts.add(part);
            }

            @Override
            public void onError(Throwable failure) {
                throw new IllegalStateException(failure);
            }

            @Override
            public void onComplete() {}
        }));
        ByteBuffer body = ByteBuffer.allocate(parts.stream().mapToInt(ByteBuffer::remaining).sum());
        parts.forEach(body::put);
        return body.array();
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    public static void main(String[] arguments) throws Exception {
        String key = setting("ADJUDICATOR_KEY", "sandbox");
        byte[] secret = HexFormat.of().parseHex(
                setting("ADJUDICATOR_SECRET", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
        ApiClient client = new ApiClient();
        client.updateBaseUri(setting("ADJUDICATOR_ADDRESS", "http://127.0.0.1:8765"));
        client.setRequestInterceptor(builder -> sign(builder, key, secret));
        SettlementApi service = new SettlementApi(client);

        String run = "generated-" + UUID.randomUUID();
        FeeLine line = new FeeLine().lineId("1").itemCode("XA02BC-01P").amount("3000.00").quantity("2").price("1500");
        Claim claim = new Claim().visitId(run).receiptId("1").personId("S0000001").visit("outpatient")
                .admission("2023-05-06").total("3000.00").addLinesItem(line);
        System.out.println("preview  cash " + service.preview(claim).getCash());

        ClaimMessage message = new ClaimMessage().messageId(run + "-settle").visitId(run).receiptId("1")
                .personId("S0000001").visit("outpatient").admission("2023-05-06").total("3000.00").addLinesItem(line);
        SettlementAnswer settled = service.settle(message);
        System.out.println("settle   cash " + settled.getCash() + " of " + settled.getFunds().get(0).getFund());
        StoredAnswer found = service.findMessage(run + "-settle");
        System.out.println("find     " + found.getSettlementId().equals(settled.getSettlementId()));
        try {
            service.settle(message.total("3000.01"));
        } catch (ApiException refused) {
            ProblemBody problem = ApiClient.createDefaultObjectMapper()
                    .readValue(refused.getResponseBody(), ProblemBody.class);
            for (MistakeBody mistake : problem.getErrors()) {
                System.out.println("mistakes " + mistake.getPointer() + " " + mistake.getCode());
            }
        }
        ReversalAnswer undone = service.reverse(new ReverseMessage().messageId(run + "-reverse")
                .settlementId(settled.getSettlementId()).reason(ReversalReason.MISTAKE));
        System.out.println("reverse  " + undone.getReversed() + " " + undone.getEntries().size());
    }
}
