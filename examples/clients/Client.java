import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * How a hospital's system settles: preview, settle, find the answer after a time-out, see mistakes, reverse.
 *
 * <pre>java Client.java</pre>
 *
 * Java 17 without any library is enough. It asks the sandbox of `adjudicator serve`, unless ADJUDICATOR_ADDRESS,
 * ADJUDICATOR_KEY and ADJUDICATOR_SECRET (hexadecimal digits) say another service and key. Formats: docs/api.md.
 */
public final class Client {
    /** How long an answer is waited for: longer than the 10 seconds within which the service answers. */
    private static final Duration PATIENCE =
            Duration.ofMillis((long) (1000 * Double.parseDouble(setting("ADJUDICATOR_SECONDS", "15"))));

    /** Seconds before each attempt. */
    private static final int[] PAUSES = {0, 1, 2, 4, 8};

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
    private final String address;
    private final String key;
    private final byte[] secret;

    Client(String address, String key, byte[] secret) {
        this.address = address;
        this.key = key;
        this.secret = secret;
    }

    /** Signs and sends one attempt. An IOException, where no answer comes, says nothing about its outcome. */
    HttpResponse<String> ask(String method, String path, String body) throws IOException, InterruptedException {
        String time = Long.toString(Instant.now().getEpochSecond());
        String nonce = UUID.randomUUID().toString(); // a new one for every attempt
        String toSign = String.join("\n", method, path, "", sha256(body), time, nonce, key);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path))
                .timeout(PATIENCE)
                .header("Adjudicator-Key", key)
                .header("Adjudicator-Time", time)
                .header("Adjudicator-Nonce", nonce)
                .header("Adjudicator-Signature", hmac(toSign))
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body, UTF_8));
        return http.send(request.build(), BodyHandlers.ofString(UTF_8));
    }

    /**
     * Sends a message until its outcome is known. It takes effect once, however often it is sent. Keep the message with
     * its id on your own disk before the first attempt: after a power cut you ask for it again.
     */
    HttpResponse<String> submit(String path, String messageId, String body) throws IOException, InterruptedException {
        for (int pause : PAUSES) {
            Thread.sleep(Duration.ofSeconds(pause).toMillis());
            for (String method : new String[] {"POST", "GET"}) {
                try {
                    HttpResponse<String> answer =
                            method.equals("POST") ? ask(method, path, body) : ask(method, "/v1/messages/" + messageId, "");
                    boolean neverCame = method.equals("GET") && answer.statusCode() == 404;
                    if (answer.statusCode() < 500 && !neverCame) {
                        return answer;
                    }
                    System.out.printf("%-8s %d%n", method, answer.statusCode());
                } catch (IOException failure) { // it may have arrived: ask what became of it
                    System.out.printf("%-8s no answer: %s%n", method, failure.getClass().getSimpleName());
                }
            }
        }
        throw new IOException("no outcome of message " + messageId + " yet: ask again later");
    }

    private static String sha256(String body) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body.getBytes(UTF_8)));
        } catch (GeneralSecurityException impossible) { // every Java has it
            throw new IllegalStateException(impossible);
        }
    }

    private String hmac(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(UTF_8)));
        } catch (GeneralSecurityException impossible) { // every Java has it
            throw new IllegalStateException(impossible);
        }
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    /** A text of an answer; your program uses its JSON library instead, and reads amounts as BigDecimal. */
    private static String field(HttpResponse<String> answer, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(answer.body());
        if (!found.find()) {
            throw new IllegalStateException(answer.statusCode() + " " + answer.body());
        }
        return found.group(1);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Client client = new Client(
                setting("ADJUDICATOR_ADDRESS", "http://127.0.0.1:8765"),
                setting("ADJUDICATOR_KEY", "sandbox"),
                HexFormat.of().parseHex(setting(
                        "ADJUDICATOR_SECRET", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")));
        String run = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
        String claim = """
                {"visit_id": "%s", "receipt_id": "1", "person_id": "S0000001", "visit": "outpatient",
                 "admission": "2023-05-06", "total": "3000.00",
                 "lines": [{"line_id": "1", "item_code": "XA02BC-01P", "amount": "3000.00", "quantity": "2",
                            "price": "1500"}]}""".formatted(run);
        HttpResponse<String> preview = client.ask("POST", "/v1/previews", claim);
        System.out.printf("preview  %d cash %s%n", preview.statusCode(), field(preview, "cash"));

        String messageId = run + "-settle";
        String message = claim.replaceFirst("\\{", "{\"message_id\": \"" + messageId + "\", ");
        HttpResponse<String> settled = client.submit("/v1/settlements", messageId, message);
        System.out.printf("settle   %d cash %s%n", settled.statusCode(), field(settled, "cash"));
        HttpResponse<String> found = client.ask("GET", "/v1/messages/" + messageId, "");
        String same = found.body().equals(settled.body()) ? "the same bytes" : "ANOTHER ANSWER";
        System.out.printf("find     %d %s%n", found.statusCode(), same);

        String twoMistakes = message.replace("\"outpatient\"", "null").replace("\"total\": \"3000.00\"", "\"total\": \"3000.01\"");
        HttpResponse<String> wrong = client.ask("POST", "/v1/settlements", twoMistakes);
        System.out.printf("mistakes %d %s%n", wrong.statusCode(), field(wrong, "code"));
        System.out.println(wrong.body().substring(wrong.body().indexOf("\"errors\":")));

        String reversal = """
                {"message_id": "%s-reverse", "settlement_id": "%s", "reason": "mistake"}"""
                .formatted(run, field(settled, "settlement_id"));
        HttpResponse<String> undone = client.submit("/v1/reversals", run + "-reverse", reversal);
        System.out.printf("reverse  %d reversed %s%n", undone.statusCode(), field(undone, "reversed"));
    }
}
